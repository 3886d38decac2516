import { max } from 'simple-statistics';
import { formatCount } from '../units.ts';
import { classifyGrowth } from './classify.ts';
import { gridOver, peak, resample, type TimedValue, usualStepMs } from './resample.ts';

/** A limit that leaves a service alone and stops a bad deploy, with its reasons. */
export interface LimitSuggestion {
  /** `undefined` where no limit follows from what was seen. */
  readonly limit: number | undefined;
  readonly reasons: readonly string[];
}

/** Tasks over time, oldest first, at least one point. */
export interface TaskRecording {
  readonly label: string;
  readonly points: readonly TimedValue[];
}

/** Half as many again as the most that was seen: a static limit that is too low is an outage, too. */
const FACTOR = 1.5;
/** The least above the peak: a pool that is not filled in every recording. */
const LEAST_ABOVE = 64;
/** A burst is what came within this time. */
const BURST_MS = 10_000;
/** Fewer samples have seen too little. */
const ENOUGH = 60;
/** A day of ten samples a second. A longer recording is put on longer steps, which keep the peaks. */
const MOST_POINTS = 864_000;

/** A limit from recordings. Pure. */
export function suggestLimit(recordings: readonly TaskRecording[]): LimitSuggestion {
  const classes = recordings.map(({ label, points }) => ({ label, points, growth: growthOf(points) }));
  const reasons = classes.map(({ growth, label, points }) =>
    growth === undefined
      ? `${label} has only ${points.length} samples: too few to tell whether it grows`
      : `${label} ${growth.sentence}`,
  );
  if (classes.some(({ growth }) => growth?.isGrowing === true)) {
    return {
      limit: undefined,
      reasons: [...reasons, 'no limit follows from a series that grows: find the leak first'],
    };
  }
  const most = max(recordings.map(({ points }) => max(points.map(({ value }) => value))));
  const burst = max(recordings.map(({ points }) => burstOf(points)));
  const above = Math.max(LEAST_ABOVE, burst, most * (FACTOR - 1));
  const limit = roundUp(most + above);
  const why =
    above === burst
      ? `the largest burst (${formatCount(burst)} in ${BURST_MS / 1000} s)`
      : above === LEAST_ABOVE
        ? 'a small reserve'
        : 'half of that';
  reasons.push(`the most it ever held is ${formatCount(most)}; ${why} on top, rounded up, is ${formatCount(limit)}`);
  const seen = recordings.reduce((sum, { points }) => sum + points.length, 0);
  if (seen < ENOUGH) reasons.push(`${seen} samples are few: record a day with its busiest hour`);
  return { limit, reasons };
}

function growthOf(points: readonly TimedValue[]): ReturnType<typeof classifyGrowth> {
  const startMs = points[0]?.timeMs ?? 0;
  const grid = gridOver(startMs, (points.at(-1)?.timeMs ?? startMs) - startMs, usualStepMs(points), MOST_POINTS);
  return classifyGrowth(resample(points, grid, peak), grid.stepMs);
}

/** The largest rise within the time of a burst; 0 when it never rose. */
function burstOf(points: readonly TimedValue[]): number {
  // Points that may be the lowest of the window, lowest first: a later one that is not higher makes an earlier one useless.
  const lowest: TimedValue[] = [];
  let from = 0;
  let most = 0;
  for (const point of points) {
    while (from < lowest.length && point.timeMs - (lowest[from] as TimedValue).timeMs > BURST_MS) from += 1;
    if (from < lowest.length) most = Math.max(most, point.value - (lowest[from] as TimedValue).value);
    while (lowest.length > from && (lowest.at(-1) as TimedValue).value >= point.value) lowest.pop();
    lowest.push(point);
  }
  return most;
}

/** To two places: `1,234` becomes `1,300`. */
function roundUp(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.ceil(value / unit) * unit;
}
