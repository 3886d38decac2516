import type { Series } from './ring.ts';

/** Growth over two windows. The short one sees a burst; the long one tells a burst from a leak. */
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

/**
 * Growth of a series, oldest first. The windows reach back from the last item, not from a clock. Nothing is copied, and
 * the windows are found by bisection, because this is done at every look, over a ring of a thousand.
 */
export function measureGrowth<T extends { readonly timeMs: number }>(
  series: Series<T>,
  height: (item: T) => number,
): Growth {
  const last = series.at(-1);
  if (last === undefined) return { shortPerSecond: 0, longPerSecond: 0, gained: 0 };
  const end = { timeMs: last.timeMs, value: height(last) };
  const since = (windowMs: number): Point => {
    const item = firstSince(series, last.timeMs - windowMs);
    return { timeMs: item.timeMs, value: height(item) };
  };
  const long = since(LONG_WINDOW_MS);
  return {
    shortPerSecond: slope(since(SHORT_WINDOW_MS), end),
    longPerSecond: slope(long, end),
    gained: end.value - long.value,
  };
}

/** Growth that a forecast rests on was in each of so many parts of the long window, with this share of the gain at least. */
const PARTS = 3;
const LEAST_PART = 0.1;

/**
 * Whether the growth has been there for all of the long window. A deploy that doubles a pool grows for some seconds like a
 * leak, and then it stays. False while the series is shorter than the window.
 */
export function isLasting<T extends { readonly timeMs: number }>(
  series: Series<T>,
  height: (item: T) => number,
): boolean {
  const [first, last] = [series.at(0), series.at(-1)];
  if (first === undefined || last === undefined || last.timeMs - first.timeMs < LONG_WINDOW_MS) return false;
  const heights = Array.from({ length: PARTS + 1 }, (_, part) =>
    height(firstSince(series, last.timeMs - (LONG_WINDOW_MS * (PARTS - part)) / PARTS)),
  );
  const gained = height(last) - (heights[0] as number);
  return heights.every((at, part) => part === 0 || at - (heights[part - 1] as number) > gained * LEAST_PART);
}

interface Point {
  readonly timeMs: number;
  readonly value: number;
}

/** The first item at or after `timeMs`, which is not later than the last item. */
export function firstSince<T extends { readonly timeMs: number }>(series: Series<T>, timeMs: number): T {
  let low = 0;
  let high = series.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((series.at(middle) as T).timeMs < timeMs) low = middle + 1;
    else high = middle;
  }
  return series.at(low) as T;
}

function slope(from: Point, to: Point): number {
  const elapsedMs = to.timeMs - from.timeMs;
  return elapsedMs <= 0 ? 0 : ((to.value - from.value) * 1000) / elapsedMs;
}

/**
 * Milliseconds until `remaining` is used up if growth stays as it is; `Infinity` when nothing grows. The slower of the
 * two windows counts: a burst that has ended is no forecast.
 */
export function exhaustionMs(remaining: number, growth: Growth): number {
  const perSecond = Math.min(growth.shortPerSecond, growth.longPerSecond);
  return perSecond <= 0 ? Number.POSITIVE_INFINITY : (remaining * 1000) / perSecond;
}
