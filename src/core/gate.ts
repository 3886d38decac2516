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

/** The same for a number of tasks. It is counted again sooner when the host has moved; what the host gained is added. */
export function gatedCount(
  hostTasks: () => number,
  now: () => number,
  scan: () => number,
  leastMs: number,
): () => number {
  let value: number | undefined;
  let atMs = 0;
  let costMs = 0;
  let hostThen = 0;
  return () => {
    const nowMs = now();
    const host = hostTasks();
    const isMoving = Math.abs(host - hostThen) >= NOTICEABLE_TASKS;
    if (value === undefined || mayRepeat(nowMs, atMs, costMs, isMoving ? Math.min(EARLY_MS, leastMs) : leastMs)) {
      value = scan();
      costMs = now() - nowMs;
      atMs = nowMs;
      hostThen = host;
    }
    // Between two scans everything that the host gained may be ours. An overestimate is on the safe side.
    return value + Math.max(0, host - hostThen);
  };
}
