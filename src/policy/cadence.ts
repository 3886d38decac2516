/** Nothing is looked at more often: a look costs tens of microseconds, and the cap holds meanwhile. */
export const MIN_INTERVAL_MS = 5;
export const MAX_INTERVAL_MS = 1_000;

/**
 * Fastest creation seen from one C program on the reference machine: 30,000–49,000 threads a second,
 * rounded up. Without a kernel cap the guard must assume it at every moment.
 */
export const BOMB_TASKS_PER_SECOND = 50_000;

/**
 * Fastest honest start seen: a JVM filling its pools makes up to 7,700 threads a second for a moment,
 * half of it sustained. With a kernel cap only honest growth has to be outrun.
 */
export const HONEST_TASKS_PER_SECOND = 4_000;

/**
 * Milliseconds until the next look: the distance to the next line divided by how fast it could be
 * covered, within bounds. The line is the cap where the kernel holds one, else the trip itself,
 * and then half the distance is kept for the guard's own lateness and the time an action takes.
 */
export function intervalMs(input: {
  readonly isHeld: boolean;
  readonly distanceTasks: number;
  /** Fastest growth seen of this target, tasks a second. */
  readonly fastestPerSecond: number;
}): number {
  const table = input.isHeld ? HONEST_TASKS_PER_SECOND : BOMB_TASKS_PER_SECOND;
  const rate = Math.max(table, 2 * input.fastestPerSecond);
  const distance = input.isHeld ? input.distanceTasks : input.distanceTasks / 2;
  const ms = (Math.max(0, distance) * 1000) / rate;
  return Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, Math.floor(ms)));
}

/** A guard spends at most this share of a core outside of a trip: 1/50. */
export const COST_FACTOR = 50;
/** Where nothing holds the target, the guard may not be slower than this, whatever its looks cost. */
const MOST_UNHELD_MS = 100;

/** Looks are not nearer together than their cost allows: the kernel holds the line meanwhile. */
export function leastIntervalMs(costMs: number, isHeld: boolean): number {
  return Math.min(COST_FACTOR * costMs, isHeld ? MAX_INTERVAL_MS : MOST_UNHELD_MS);
}

/** A whole look is taken this often however calm it is: memory and other tenants move ceilings too. */
export const LOOK_AT_LEAST_EVERY_MS = 5_000;

/** The same where the operator's own rules count samples. */
export const RULES_EVERY_MS = 1_000;

/** Tasks that the target and the host may gain or lose before it is worth a whole look. */
export const NOTICEABLE_TASKS = 8;
const NOTICEABLE_HOST_TASKS = 64;
const NOTICEABLE_MAPS = 64;

/**
 * Whether a glance (the target's tasks and maps, the kernel's refusals, the host's tasks) shows that a whole look
 * would find nothing new. A whole look costs 0.9 ms of cold JavaScript, a glance a tenth of it.
 */
export function isUneventful(glance: {
  readonly stage: 'calm' | 'warned' | 'clamped' | 'terminating' | 'killed';
  readonly sinceLookMs: number;
  readonly lookEveryMs: number;
  readonly tasksMoved: number;
  readonly hostTasksMoved: number;
  readonly mapsMoved: number;
  /** To the cap, or to the trip where nothing holds. */
  readonly distanceTasks: number;
  readonly refusedNow: number;
}): boolean {
  return (
    glance.stage === 'calm' &&
    glance.sinceLookMs < glance.lookEveryMs &&
    glance.tasksMoved < NOTICEABLE_TASKS &&
    glance.hostTasksMoved < NOTICEABLE_HOST_TASKS &&
    glance.mapsMoved < NOTICEABLE_MAPS &&
    glance.distanceTasks > NOTICEABLE_TASKS * 8 &&
    glance.refusedNow === 0
  );
}
