/** One line of `/proc/PID/maps`, as far as stacks need it. Addresses below 2^53 on every Linux port. */
export interface MapEntry {
  readonly start: number;
  readonly end: number;
  readonly perms: string;
  /** File, `[heap]`, or empty for anonymous memory. */
  readonly path: string;
}

/** What the threads of one process cost it in address space, seen in a single look. */
export interface StackShape {
  /** VMAs a thread takes: its stack and, where there is one, the guard below it. Merged stacks make it near 0. */
  readonly mapsPerThread: number;
  /** Typical (median) size of a stack and of its guard. */
  readonly stackBytes: number;
  readonly guardBytes: number;
  /** Some of the stacks, to look into. */
  readonly stacks: readonly MapEntry[];
}

const KEPT_STACKS = 16;

/** Fewer threads than this beside the main one say little about the next thousand. */
const LEAST_THREADS = 4;

/**
 * Finds the VMA that each thread's stack pointer lies in. A thread of glibc owns one and a PROT_NONE guard
 * below it; stacks without a guard merge into few VMAs, as do those of Go, which come from its heap. The main
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
    // Of merged stacks one cannot tell how long each is.
    stackBytes: isMerged ? 0 : medianSize([...stacks.values()]),
    guardBytes: medianSize([...guards.values()]),
    stacks: isMerged ? [] : [...stacks.values()].slice(0, KEPT_STACKS),
  };
}

/**
 * The same without stack pointers (a kernel without `/proc/PID/task/TID/syscall`): pairs of a PROT_NONE guard and
 * the writable memory right above it, as pthread_create makes them. Most threads must own one of equal size.
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

/** Index of the map that holds an address, or -1. Maps are in the order of their addresses. */
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
