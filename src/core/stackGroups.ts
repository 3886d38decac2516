import { type Baseline, growthOf, NO_BASELINE } from './groupGrowth.ts';
import { GroupKeys, type GroupLevel } from './groupKeys.ts';
import { type NameCount, tellNames } from './groupNames.ts';
import { siteOf } from './plumbing.ts';
import type { StackSource } from './runtimes.ts';
import type { Frame, TaskStack, WaitKind } from './stack.ts';

export interface StackGroup {
  readonly count: number;
  /** Threads begun since the baseline, less those that ended. */
  readonly grew: number;
  /** What most of its threads wait for. */
  readonly wait: WaitKind;
  readonly runtime: StackSource;
  /** Names, the most frequent first. A number that differs between them is `N`. */
  readonly names: readonly NameCount[];
  /** Its most frequent stack, the leaf first. */
  readonly frames: readonly Frame[];
  /** The program's own frame nearest to the leaf. */
  readonly site: Frame | undefined;
  /** How many of its stacks were followed to the bottom. */
  readonly whole: number;
  /** Threads begun in each of 40 parts of the time between the first and the last thread of all groups. */
  readonly timeline: readonly number[];
  /** Clock ticks after boot at which its first and its last thread began. */
  readonly since: { readonly first: number; readonly last: number };
}

const MOST_NAMES = 5;
const TIMELINE_PARTS = 40;

/** A group that is still being filled. */
interface Open {
  count: number;
  whole: number;
  readonly runtime: StackSource;
  readonly waits: Map<WaitKind, number>;
  /** Names with their numbers taken out. */
  readonly names: Map<string, number>;
  readonly ownNames: Map<string, number>;
  /** What the runtime calls them. */
  readonly labels: Map<string, number>;
  readonly stacks: Map<readonly Frame[], number>;
  readonly starts: number[];
  readonly older: Map<string, number>;
}

/**
 * Groups stacks, the one that grew most first. One pass over the tasks; a stack that many of them share is looked at
 * once.
 */
export function groupStacks(
  tasks: readonly TaskStack[],
  level: GroupLevel,
  baseline: Baseline = NO_BASELINE,
): StackGroup[] {
  const groups = new Map<string, Open>();
  const keys = new GroupKeys(level);
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const task of tasks) {
    const key = keys.of(task);
    const group = groups.get(key) ?? openGroup(task.runtime);
    groups.set(key, group);
    addTask(group, task, keys, baseline);
    first = Math.min(first, task.startTime);
    last = Math.max(last, task.startTime);
  }
  const grew = growthOf([...groups.values()], baseline);
  return [...groups.values()]
    .map((group) => closeGroup(group, grew.get(group) ?? 0, { first, last }))
    .sort((a, b) => b.grew - a.grew || b.count - a.count || compare(a, b));
}

function openGroup(runtime: StackSource): Open {
  return {
    count: 0,
    whole: 0,
    runtime,
    waits: new Map(),
    names: new Map(),
    ownNames: new Map(),
    labels: new Map(),
    stacks: new Map(),
    starts: [],
    older: new Map(),
  };
}

function addTask(group: Open, task: TaskStack, keys: GroupKeys, { atTicks }: Baseline): void {
  const name = keys.nameOf(task.name);
  group.count += 1;
  group.whole += task.isWhole ? 1 : 0;
  add(group.waits, task.wait);
  add(group.names, name);
  add(group.ownNames, task.name);
  if (task.label !== undefined) add(group.labels, task.label);
  add(group.stacks, task.frames);
  group.starts.push(task.startTime);
  if (task.startTime <= atTicks) add(group.older, name);
}

function closeGroup(group: Open, grew: number, span: StackGroup['since']): StackGroup {
  const frames = largest(group.stacks)[0]?.[0] ?? [];
  return {
    count: group.count,
    grew,
    wait: largest(group.waits)[0]?.[0] ?? 'unknown',
    runtime: group.runtime,
    names: tellNames(group.labels.size > 0 ? group.labels : group.ownNames, MOST_NAMES),
    frames,
    site: siteOf(frames, group.runtime),
    whole: group.whole,
    timeline: timelineOf(group.starts, span),
    since: {
      first: group.starts.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
      last: group.starts.reduce((a, b) => Math.max(a, b), 0),
    },
  };
}

function timelineOf(starts: readonly number[], { first, last }: StackGroup['since']): number[] {
  const timeline = new Array<number>(TIMELINE_PARTS).fill(0);
  const span = Math.max(1, last - first + 1);
  for (const start of starts) {
    const part = Math.min(TIMELINE_PARTS - 1, Math.floor(((start - first) * TIMELINE_PARTS) / span));
    timeline[part] = (timeline[part] ?? 0) + 1;
  }
  return timeline;
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function largest<K>(counts: ReadonlyMap<K, number>): [K, number][] {
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** Equal groups in one order, whatever the order of the tasks. */
function compare(a: StackGroup, b: StackGroup): number {
  const text = ({ frames, names }: StackGroup): string => `${frames[0]?.function ?? ''}${names[0]?.name ?? ''}`;
  const [left, right] = [text(a), text(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
