import type { Sample } from './model.ts';

/** Growth over two windows: the short one sees a burst, the long one tells it from a leak. */
export interface Growth {
  /** Units a second over the last SHORT_WINDOW_MS; 0 until two samples exist. */
  readonly shortPerSecond: number;
  /** Units a second over the last LONG_WINDOW_MS. */
  readonly longPerSecond: number;
  /** Units gained over the long window; negative when the target shrank. */
  readonly gained: number;
}

export const SHORT_WINDOW_MS = 2_000;
export const LONG_WINDOW_MS = 30_000;

type Series = readonly { readonly timeMs: number; readonly value: number }[];

/** The tasks of a ring of samples as a series. */
export function taskSeries(samples: readonly Sample[]): Series {
  return samples.map((sample) => ({ timeMs: sample.timeMs, value: sample.tasks }));
}

/** Growth of a series, oldest first. Windows reach back from the last sample, not from a clock. */
export function measureGrowth(series: Series): Growth {
  const last = series.at(-1);
  if (last === undefined) return { shortPerSecond: 0, longPerSecond: 0, gained: 0 };
  const short = firstSince(series, last.timeMs - SHORT_WINDOW_MS);
  const long = firstSince(series, last.timeMs - LONG_WINDOW_MS);
  return {
    shortPerSecond: slope(short, last),
    longPerSecond: slope(long, last),
    gained: last.value - long.value,
  };
}

function firstSince(series: Series, timeMs: number): Series[number] {
  // The series is short (the ring is bounded) and nearly always the answer is near its front.
  return series.find((point) => point.timeMs >= timeMs) ?? (series.at(-1) as Series[number]);
}

function slope(from: Series[number], to: Series[number]): number {
  const elapsedMs = to.timeMs - from.timeMs;
  return elapsedMs <= 0 ? 0 : ((to.value - from.value) * 1000) / elapsedMs;
}

/**
 * Milliseconds until `remaining` is used up if growth stays as it is; `Infinity` when nothing
 * grows. The slower of the two windows is believed: a burst that has ended is not a forecast.
 */
export function exhaustionMs(remaining: number, growth: Growth): number {
  const perSecond = Math.min(growth.shortPerSecond, growth.longPerSecond);
  return perSecond <= 0 ? Number.POSITIVE_INFINITY : (remaining * 1000) / perSecond;
}
