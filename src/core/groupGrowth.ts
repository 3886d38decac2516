/** What there was when the target had started: the moment, and how many threads had each name. */
export interface Baseline {
  /** Clock ticks after boot. */
  readonly atTicks: number;
  /** Names with their numbers taken out. */
  readonly names: ReadonlyMap<string, number>;
}

/** Without a baseline everything is new. */
export const NO_BASELINE: Baseline = { atTicks: -1, names: new Map() };

/** What growth is worked out from. */
export interface GrowingGroup {
  /** When its threads began, in clock ticks after boot. */
  readonly starts: readonly number[];
  /** Names of all of its threads, and of those that were there at the baseline. */
  readonly names: ReadonlyMap<string, number>;
  readonly older: ReadonlyMap<string, number>;
}

/**
 * Threads of each group that began after the baseline, less those that have ended since. Ended threads are known by their
 * names only, so they are taken from the groups that have the name now. A pool that changes its threads has not grown.
 */
export function growthOf<Group extends GrowingGroup>(
  groups: readonly Group[],
  { atTicks, names }: Baseline,
): ReadonlyMap<Group, number> {
  const newer = new Map(groups.map((group) => [group, group.starts.filter((start) => start > atTicks).length]));
  const old = new Map<string, number>();
  for (const group of groups) for (const [name, count] of group.older) old.set(name, (old.get(name) ?? 0) + count);
  for (const [name, then] of names) {
    // A baseline that was cut short knows fewer than there were; then none are known to have ended.
    let gone = Math.max(0, then - (old.get(name) ?? 0));
    const carriers = groups.filter((group) => group.names.has(name));
    for (const group of carriers.sort((a, b) => (newer.get(b) ?? 0) - (newer.get(a) ?? 0))) {
      const take = Math.min(gone, newer.get(group) ?? 0);
      newer.set(group, (newer.get(group) ?? 0) - take);
      gone -= take;
    }
  }
  return newer;
}
