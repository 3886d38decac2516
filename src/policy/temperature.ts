/**
 * Most targets of a host do nothing nearly all the time. Of these the engine keeps a few numbers (cold); it remembers the
 * whole course of one only while it grows, is refused something, or stands near its line (warm).
 */

/** Growth over the lowest recent number that wakes: so many tasks, or this share of it, whichever is more. */
const WAKE_TASKS = 64;
const WAKE_SHARE = 0.25;
/** And this share of the line wakes however slowly it was reached. */
const WAKE_AT_LINE = 0.5;
/** A warm one is cold again below this share of its line, after it has been calm for so long. */
const COOL_BELOW_LINE = 0.4;
const COOL_AFTER_MS = 120_000;

/** Fastest growth to be met of a cold target: a bomb beside which nothing holds is looked at by its own track. */
const COLD_LEAST_MS = 100;
const COLD_MOST_MS = 5_000;
const COLD_TASKS_PER_SECOND = 4_000;

/** Half of what a target fell or rose is forgotten in this time: what it has long held is its own level. */
const FLOOR_HALF_LIFE_MS = 600_000;

export interface ColdFacts {
  readonly tasks: number;
  /** The lowest number that it held of late, as `nextFloor` keeps it. */
  readonly floor: number;
  /** Where it would trip; `undefined` when nothing sets a line. */
  readonly line: number | undefined;
  readonly refusedNow: number;
}

export function shouldWake({ floor, line, refusedNow, tasks }: ColdFacts): boolean {
  const grew = tasks - floor >= Math.max(WAKE_TASKS, floor * WAKE_SHARE);
  return grew || refusedNow > 0 || tasks >= (line ?? Number.POSITIVE_INFINITY) * WAKE_AT_LINE;
}

/** Falls at once and rises slowly, so that a leak is measured from where it began. */
export function nextFloor(floor: number, tasks: number, elapsedMs: number): number {
  return tasks <= floor ? tasks : floor + (tasks - floor) * (1 - 0.5 ** (elapsedMs / FLOOR_HALF_LIFE_MS));
}

export function mayCool(facts: {
  readonly stage: string;
  readonly calmForMs: number;
  readonly tasks: number;
  readonly line: number | undefined;
}): boolean {
  const { calmForMs, line, stage, tasks } = facts;
  const isFar = tasks < (line ?? Number.POSITIVE_INFINITY) * COOL_BELOW_LINE;
  return stage === 'calm' && calmForMs >= COOL_AFTER_MS && isFar;
}

/** Milliseconds to the next glance at a cold target: the time in which an honest one could come near half of its line. */
export function coldIntervalMs({ line, tasks }: Pick<ColdFacts, 'line' | 'tasks'>): number {
  const distance = (line ?? Number.POSITIVE_INFINITY) * WAKE_AT_LINE - tasks;
  return Math.min(COLD_MOST_MS, Math.max(COLD_LEAST_MS, (distance * 1000) / COLD_TASKS_PER_SECOND));
}
