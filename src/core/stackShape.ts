/** One line of `/proc/PID/maps`, as far as stacks need it. Addresses are below 2⁵³ on every Linux port. */
export interface MapEntry {
  readonly start: number;
  readonly end: number;
  readonly perms: string;
  /** File, `[heap]`, or empty for anonymous memory. */
  readonly path: string;
}

/** What the threads of one process cost it in address space, as a single look shows it. */
export interface StackShape {
  /** Maps of one thread: its stack and, if there is one, the guard below it. With merged stacks it is near 0. */
  readonly mapsPerThread: number;
  /** The median size of a stack and of its guard. 0 bytes of stack if the stacks have merged. */
  readonly stackBytes: number;
  readonly guardBytes: number;
  /** Some of the stacks, at most 16. */
  readonly stacks: readonly MapEntry[];
}

const KEPT_STACKS = 16;

/** Fewer threads than this, beside the main one, say little about the next thousand. */
const LEAST_THREADS = 4;

/**
 * Finds the map that the stack pointer of each thread lies in. A thread of glibc owns one map, and a guard without rights
 * (PROT_NONE) below it. Stacks without a guard merge into few maps; so do those of Go, which come from its heap. The main
 * thread (`[stack]`) is left out: it was there before the first thread. `undefined` with too few threads.
 */
export function stackShape(maps: readonly MapEntry[], stackPointers: readonly number[]): StackShape | undefined {
  const stacks = new Map<number, MapEntry>();
  const guards = new Map<number, MapEntry>();
  let threads = 0;
  for (const pointer of stackPointers) {
    const index = findMap(maps, pointer);
    const stack = maps[index];
    if (stack === undefined || stack.path === '[stack]') continue;
    threads += 1;
    stacks.set(stack.start, stack);
    const below = maps[index - 1];
    if (below !== undefined && below.end === stack.start && below.path === '' && below.perms.startsWith('---'))
      guards.set(below.start, below);
  }
  if (threads < LEAST_THREADS) return undefined;
  const isMerged = stacks.size < threads / 2;
  return {
    mapsPerThread: isMerged ? 0 : (stacks.size + guards.size) / threads,
    // How long each of the merged stacks is cannot be told.
    stackBytes: isMerged ? 0 : medianSize([...stacks.values()]),
    guardBytes: medianSize([...guards.values()]),
    stacks: isMerged ? [] : [...stacks.values()].slice(0, KEPT_STACKS),
  };
}

/**
 * The same without stack pointers (a kernel without `/proc/PID/task/TID/syscall`). It looks for pairs of a guard and the
 * writable memory right above it, as pthread_create makes them. Most threads must own such a pair, all of one size.
 */
export function pairedStacks(maps: readonly MapEntry[], threads: number): StackShape | undefined {
  const sizes = new Map<string, { stacks: MapEntry[]; stackBytes: number; guardBytes: number }>();
  for (const [index, stack] of maps.entries()) {
    const guard = maps[index - 1];
    if (guard === undefined || guard.end !== stack.start || guard.path !== '' || stack.path !== '') continue;
    if (!guard.perms.startsWith('---') || !stack.perms.startsWith('rw')) continue;
    const [stackBytes, guardBytes] = [stack.end - stack.start, guard.end - guard.start];
    const key = `${stackBytes} ${guardBytes}`;
    const known = sizes.get(key) ?? { stacks: [], stackBytes, guardBytes };
    known.stacks.push(stack);
    sizes.set(key, known);
  }
  const [most] = [...sizes.values()].sort((a, b) => b.stacks.length - a.stacks.length);
  const own = threads - 1;
  if (own < LEAST_THREADS || most === undefined || most.stacks.length < own * 0.8) return undefined;
  const { guardBytes, stackBytes, stacks } = most;
  return { mapsPerThread: 2, stackBytes, guardBytes, stacks: stacks.slice(0, KEPT_STACKS) };
}

/** The index of the map that holds an address, or -1. Maps are in the order of their addresses. */
function findMap(maps: readonly MapEntry[], address: number): number {
  let low = 0;
  let high = maps.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const map = maps[middle] as MapEntry;
    if (address < map.start) high = middle - 1;
    else if (address >= map.end) low = middle + 1;
    else return middle;
  }
  return -1;
}

function medianSize(maps: readonly MapEntry[]): number {
  const sizes = maps.map(({ start, end }) => end - start).sort((a, b) => a - b);
  return sizes[sizes.length >> 1] ?? 0;
}
