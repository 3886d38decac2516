/** Maps are counted this often while nothing says that they move, and less and less often down to the second number. */
export const COUNT_EVERY_MS = 1_000;
export const COUNT_AT_LEAST_EVERY_MS = 5_000;
/** Of the time until the line is reached at the present rate: so many counts are made on the way. */
const COUNTS_ON_THE_WAY = 4;
/** Near the line counting may take half a core, for the seconds that this lasts. */
const MOST_LOAD = 2;
/** Elsewhere a hundredth. */
const LIGHT_LOAD = 100;
/** A leak that reaches the line this soon is worth more than a hundredth of a core. */
const SOON_MS = 10_000;
/** Nor is it looked at more often than this. */
const LEAST_MS = 20;

/**
 * Milliseconds from one count of maps to the next. It follows the distance to the line over the rate, and what a count
 * costs: 20 to 43 ms for 60,000 maps.
 */
export function mapsIntervalMs(facts: {
  readonly maps: number;
  readonly line: number | undefined;
  readonly perSecond: number;
  readonly costMs: number;
  /** What was waited last, while nothing moved. */
  readonly everyMs: number;
}): number {
  const { costMs, everyMs, line, maps, perSecond } = facts;
  if (line === undefined || perSecond <= 0) return Math.max(everyMs, LIGHT_LOAD * costMs);
  const reachedMs = (Math.max(0, line - maps) * 1_000) / perSecond;
  const least = Math.max(LEAST_MS, (reachedMs < SOON_MS ? MOST_LOAD : LIGHT_LOAD) * costMs);
  return Math.max(least, Math.min(everyMs, reachedMs / COUNTS_ON_THE_WAY));
}
