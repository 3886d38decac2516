/**
 * Whether a dear read may be made again: not before a hundred times its last cost has passed, so that it takes at most
 * 1 % of one core, and not more often than `leastMs`.
 */
export function mayRepeat(nowMs: number, lastMs: number, lastCostMs: number, leastMs: number): boolean {
  return nowMs - lastMs >= Math.max(leastMs, 100 * lastCostMs);
}

/** When the host has gained or lost so many tasks, a scan is repeated early. */
const NOTICEABLE_TASKS = 64;
const EARLY_MS = 100;

/**
 * A scan whose result may be `leastMs` old, or a hundred times its own cost. It is not made while the host is in a storm:
 * there a scan finds thousands of processes, and takes seconds of a guard that gets 3 ms of processor time in 700.
 */
export function gated<T>(scan: () => T, now: () => number, leastMs: number, hostTasks: () => number): () => T {
  let last: { readonly value: T; readonly atMs: number; readonly costMs: number } | undefined;
  let hostThen = 0;
  return () => {
    const nowMs = now();
    if (last === undefined || mayRepeat(nowMs, last.atMs, last.costMs, leastMs)) {
      const host = hostTasks();
      const isStorm = last !== undefined && Math.abs(host - hostThen) >= NOTICEABLE_TASKS;
      hostThen = host;
      if (last !== undefined && isStorm) {
        last = { ...last, atMs: nowMs };
        return last.value;
      }
      const value = scan();
      last = { value, atMs: nowMs, costMs: now() - nowMs };
    }
    return last.value;
  };
}

/** Counts tasks; `undefined` when `isLate` said on the way that it takes too long. */
export type CountScan = (isLate: () => boolean) => number | undefined;

/** A count that takes longer is given up. One that was given up may take twice as long the next time. */
const MOST_SCAN_MS = 100;

/**
 * The same for a number of tasks. It is counted again sooner when the host has moved; what the host gained is added. A count
 * that is not done in time is given up, and the old one stands: the count of 1,000 processes that fork as fast as they can
 * took 40 ms of processor, which a plain guard gets in 18 s beside them.
 */
export function gatedCount(hostTasks: () => number, now: () => number, scan: CountScan, leastMs: number): () => number {
  let value: number | undefined;
  let atMs = 0;
  let costMs = 0;
  let hostThen = 0;
  let mostMs = MOST_SCAN_MS;
  return () => {
    const nowMs = now();
    const host = hostTasks();
    const isMoving = Math.abs(host - hostThen) >= NOTICEABLE_TASKS;
    if (value === undefined || mayRepeat(nowMs, atMs, costMs, isMoving ? Math.min(EARLY_MS, leastMs) : leastMs)) {
      const isFirst = value === undefined;
      const counted = scan(() => !isFirst && now() - nowMs >= mostMs);
      atMs = nowMs;
      costMs = counted === undefined ? 0 : now() - nowMs;
      mostMs = counted === undefined ? 2 * mostMs : MOST_SCAN_MS;
      if (counted !== undefined) [value, hostThen] = [counted, host];
    }
    // Between two scans everything that the host gained may be ours. An overestimate is on the safe side.
    return (value ?? 0) + Math.max(0, host - hostThen);
  };
}
