/** One process, as the census counts it. */
export interface Holding {
  readonly pid: number;
  readonly ppid: number;
  readonly name: string;
  readonly uid: number;
  readonly cgroup: string;
  readonly tasks: number;
  readonly isZombie: boolean;
}

/** A name, and how many tasks it has. */
export interface Tally {
  readonly name: string;
  readonly tasks: number;
}

/** Who holds the tasks. Each list has the largest first. */
export interface Census {
  readonly tasks: number;
  readonly processes: number;
  readonly byProcess: readonly (Tally & { readonly pid: number })[];
  readonly byUser: readonly Tally[];
  readonly byCgroup: readonly Tally[];
  readonly zombies: number;
  /** The parents that have not reaped them. */
  readonly zombieParents: readonly (Tally & { readonly pid: number })[];
}

/** Sums up processes. Each list has at most `top` entries. `userName` turns a uid into a name. */
export function census(holdings: readonly Holding[], top: number, userName: (uid: number) => string): Census {
  const nameOf = new Map(holdings.map(({ pid, name }) => [pid, name]));
  const zombies = holdings.filter(({ isZombie }) => isZombie);
  const parents = sum(zombies, ({ ppid }) => ppid);
  return {
    tasks: holdings.reduce((total, { tasks }) => total + tasks, 0),
    processes: holdings.length,
    byProcess: [...holdings]
      .sort((a, b) => b.tasks - a.tasks || a.pid - b.pid)
      .slice(0, top)
      .map(({ pid, name, tasks }) => ({ pid, name, tasks })),
    byUser: largest(
      sum(holdings, ({ uid }) => userName(uid)),
      top,
    ),
    byCgroup: largest(
      sum(holdings, ({ cgroup }) => cgroup),
      top,
    ),
    zombies: zombies.length,
    zombieParents: [...parents]
      .sort((a, b) => b[1] - a[1])
      .slice(0, top)
      .map(([pid, tasks]) => ({ pid, name: nameOf.get(pid) ?? '?', tasks })),
  };
}

function sum<K>(holdings: readonly Holding[], keyOf: (holding: Holding) => K): Map<K, number> {
  const sums = new Map<K, number>();
  for (const holding of holdings) {
    const key = keyOf(holding);
    sums.set(key, (sums.get(key) ?? 0) + holding.tasks);
  }
  return sums;
}

function largest(sums: ReadonlyMap<string, number>, top: number): Tally[] {
  return [...sums]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, top)
    .map(([name, tasks]) => ({ name, tasks }));
}
