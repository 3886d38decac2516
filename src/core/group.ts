/** What is known of one task at the moment of a dump. */
export interface TaskFacts {
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  /** One letter of /proc/PID/stat: R S D T t Z X I. */
  readonly state: string;
  /** Kernel function the task sleeps in; `''` when running or not readable. */
  readonly wchan: string;
}

/** Tasks that look alike. */
export interface TaskGroup {
  readonly name: string;
  readonly count: number;
  /** More than at the baseline by this many; negative when the group shrank. */
  readonly grew: number;
  readonly states: Readonly<Record<string, number>>;
  /** Most frequent wait channel, `'running'` when most run, `''` when unreadable. */
  readonly wait: string;
}

/**
 * A thread name with its numbers taken out: `pool-3-thread-17` and `pool-9-thread-2` are one group.
 * Hex runs of eight and more (addresses, hashes) go the same way.
 */
export function normaliseName(name: string): string {
  // Ruby names a thread after the line that made it: that number is what is looked for.
  if (/\.rb:\d+/.test(name)) return name;
  return name.replace(/[0-9a-f]{8,}/gi, 'N').replace(/\d+/g, 'N');
}

/** Count of tasks per normalised name: the baseline that `groupTasks` measures growth against. */
export function countNames(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) {
    const key = normaliseName(name);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Groups by normalised thread name, the one that grew most first. One pass over the tasks. */
export function groupTasks(tasks: Iterable<TaskFacts>, baseline: ReadonlyMap<string, number>): TaskGroup[] {
  const byName = new Map<string, { count: number; states: Record<string, number>; waits: Map<string, number> }>();
  for (const task of tasks) {
    const key = normaliseName(task.name);
    let group = byName.get(key);
    if (group === undefined) {
      group = { count: 0, states: {}, waits: new Map() };
      byName.set(key, group);
    }
    group.count += 1;
    group.states[task.state] = (group.states[task.state] ?? 0) + 1;
    const wait = task.state === 'R' ? 'running' : task.wchan;
    group.waits.set(wait, (group.waits.get(wait) ?? 0) + 1);
  }
  return [...byName]
    .map(([name, { count, states, waits }]) => ({
      name,
      count,
      grew: count - (baseline.get(name) ?? 0),
      states,
      wait: mostFrequent(waits),
    }))
    .sort((a, b) => b.grew - a.grew || b.count - a.count || (a.name < b.name ? -1 : 1));
}

function mostFrequent(counts: ReadonlyMap<string, number>): string {
  let best = '';
  let most = 0;
  for (const [key, count] of counts) {
    if (count > most) {
      best = key;
      most = count;
    }
  }
  return best;
}
