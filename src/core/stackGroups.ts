import { siteOf } from './plumbing.ts';
import type { StackSource } from './runtimes.ts';
import type { Frame, TaskStack, WaitKind } from './stack.ts';
import { normaliseName } from './threadName.ts';

/** Three ways of being alike: every function and line; every function; the program's own frame and the kind of wait. */
export type GroupLevel = 'exact' | 'function' | 'site';

export interface StackGroup {
  readonly count: number;
  /** Begun since the baseline, less what ended. */
  readonly grew: number;
  /** What most of its threads wait for. */
  readonly wait: WaitKind;
  readonly runtime: StackSource;
  /** Names with their numbers taken out, the most frequent first. */
  readonly names: readonly { readonly name: string; readonly count: number }[];
  /** Of its most frequent stack, the leaf first. */
  readonly frames: readonly Frame[];
  /** The program's own frame nearest to the leaf. */
  readonly site: Frame | undefined;
  /** How many of its stacks were followed to the bottom. */
  readonly whole: number;
  /** Threads begun in each part of the time between the first and the last of all. */
  readonly timeline: readonly number[];
  /** Clock ticks after boot at which its first and last thread began. */
  readonly since: { readonly first: number; readonly last: number };
}

const MOST_NAMES = 5;
export const TIMELINE_PARTS = 40;

interface Open {
  count: number;
  whole: number;
  readonly runtime: StackSource;
  readonly waits: Map<WaitKind, number>;
  readonly names: Map<string, number>;
  /** What runtimes call them. */
  readonly labels: Map<string, number>;
  readonly stacks: Map<readonly Frame[], number>;
  readonly starts: number[];
  /** Names of those that were there at the baseline. */
  readonly older: Map<string, number>;
}

/** What there was when the target had started: the moment, and how many threads had each name. */
export interface Baseline {
  /** Clock ticks after boot. */
  readonly atTicks: number;
  readonly names: ReadonlyMap<string, number>;
}

/** Everything has grown since. */
const NO_BASELINE: Baseline = { atTicks: -1, names: new Map() };

/**
 * Groups stacks, the one that grew most first. One pass over the tasks; a stack that many share is looked at once.
 */
export function groupStacks(
  tasks: readonly TaskStack[],
  level: GroupLevel,
  baseline: Baseline = NO_BASELINE,
): StackGroup[] {
  const groups = new Map<string, Open>();
  const keys = new Keys(level);
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const task of tasks) {
    const key = keys.of(task);
    let group = groups.get(key);
    if (group === undefined) {
      group = {
        count: 0,
        whole: 0,
        runtime: task.runtime,
        waits: new Map(),
        names: new Map(),
        labels: new Map(),
        stacks: new Map(),
        starts: [],
        older: new Map(),
      };
      groups.set(key, group);
    }
    group.count += 1;
    group.whole += task.isWhole ? 1 : 0;
    add(group.waits, task.wait);
    add(group.names, keys.nameOf(task.name));
    if (task.label !== undefined) add(group.labels, keys.nameOf(task.label));
    add(group.stacks, task.frames);
    group.starts.push(task.startTime);
    if (task.startTime <= baseline.atTicks) add(group.older, keys.nameOf(task.name));
    first = Math.min(first, task.startTime);
    last = Math.max(last, task.startTime);
  }
  const grew = growth([...groups.values()], baseline);
  return [...groups.values()]
    .map((group) => close(group, grew.get(group) ?? 0, first, last))
    .sort((a, b) => b.grew - a.grew || b.count - a.count || compare(a, b));
}

/**
 * Threads of a group that began after the baseline, less the ones that ended since: those are known by their names
 * only, and are taken from the groups that carry the name. A pool that changes its threads has not grown.
 */
function growth(groups: readonly Open[], { atTicks, names }: Baseline): Map<Open, number> {
  const newer = new Map(groups.map((group) => [group, group.starts.filter((start) => start > atTicks).length]));
  const old = new Map<string, number>();
  for (const group of groups) for (const [name, count] of group.older) old.set(name, (old.get(name) ?? 0) + count);
  for (const [name, then] of names) {
    let gone = then - (old.get(name) ?? 0);
    const carriers = groups.filter((group) => group.names.has(name));
    for (const group of carriers.sort((a, b) => (newer.get(b) ?? 0) - (newer.get(a) ?? 0))) {
      const take = Math.min(gone, newer.get(group) ?? 0);
      newer.set(group, (newer.get(group) ?? 0) - take);
      gone -= take;
    }
  }
  return newer;
}

/**
 * A function without what differs between equal ones: clones that the optimiser made, generated class names,
 * addresses and hashes, symbol versions, arguments of templates kept.
 */
export function normaliseFunction(name: string): string {
  return name
    .replace(/ \[clone [^\]]*\]|\.(isra|constprop|part|cold|lto_priv)(\.\d+)*/g, '')
    .replace(/\$\$Lambda[$/\w]*(0x[0-9a-f]+)?/g, '$$$$Lambda')
    .replace(/\$Proxy\d+/g, '$$Proxy')
    .replace(
      /(GeneratedMethodAccessor|GeneratedConstructorAccessor|LambdaForm\$MH|LambdaForm\$DMH)[\d/x0-9a-f]*/g,
      '$1',
    )
    .replace(/::h[0-9a-f]{16}$/, '')
    .replace(/@@?[A-Z][A-Za-z]*_[\d.]+$/, '');
}

/** Keys of stacks, kept for the arrays that many tasks share. */
class Keys {
  readonly #level: GroupLevel;
  readonly #byFrames = new Map<readonly Frame[], string>();
  readonly #names = new Map<string, string>();

  constructor(level: GroupLevel) {
    this.#level = level;
  }

  of(task: TaskStack): string {
    // Without a stack the name and the wait say all there is.
    if (task.frames.length === 0) return `${this.nameOf(task.name)}|${task.wait}`;
    let key = this.#byFrames.get(task.frames);
    if (key === undefined) {
      key = this.#make(task);
      this.#byFrames.set(task.frames, key);
    }
    return this.#level === 'site' ? `${key}|${task.wait}` : key;
  }

  nameOf(name: string): string {
    let normal = this.#names.get(name);
    if (normal === undefined) {
      normal = normaliseName(name);
      this.#names.set(name, normal);
    }
    return normal;
  }

  #make({ frames, runtime }: TaskStack): string {
    if (this.#level === 'site') return frameKey(siteOf(frames, runtime) ?? (frames[0] as Frame));
    const keys: string[] = [];
    for (const frame of frames) {
      const key = this.#level === 'exact' ? `${frameKey(frame)}:${frame.line ?? ''}` : frameKey(frame);
      // Recursion to any depth is one place.
      if (key !== keys.at(-1)) keys.push(key);
    }
    return keys.join(';');
  }
}

function frameKey(frame: Frame): string {
  return `${frame.module ?? frame.file ?? ''}!${normaliseFunction(frame.function)}`;
}

function close(group: Open, grew: number, first: number, last: number): StackGroup {
  const frames = largest(group.stacks)[0]?.[0] ?? [];
  const timeline = new Array<number>(TIMELINE_PARTS).fill(0);
  const span = Math.max(1, last - first + 1);
  for (const start of group.starts) {
    const part = Math.min(TIMELINE_PARTS - 1, Math.floor(((start - first) * TIMELINE_PARTS) / span));
    timeline[part] = (timeline[part] ?? 0) + 1;
  }
  return {
    count: group.count,
    grew,
    wait: largest(group.waits)[0]?.[0] ?? 'unknown',
    runtime: group.runtime,
    names: largest(group.labels.size > 0 ? group.labels : group.names)
      .slice(0, MOST_NAMES)
      .map(([name, count]) => ({ name, count })),
    frames,
    site: siteOf(frames, group.runtime),
    whole: group.whole,
    timeline,
    since: {
      first: group.starts.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
      last: group.starts.reduce((a, b) => Math.max(a, b), 0),
    },
  };
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function largest<K>(counts: ReadonlyMap<K, number>): [K, number][] {
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function compare(a: StackGroup, b: StackGroup): number {
  const [left, right] = [a, b].map(({ frames, names }) => `${frames[0]?.function ?? ''}${names[0]?.name ?? ''}`);
  return (left as string) < (right as string) ? -1 : 1;
}
