import { medianSorted } from 'simple-statistics';

/** Numbers over time, for the judges. All of it is pure, and nothing here knows what is counted. */

/** The middle of a list; of an even number of values the mean of both middle ones; NaN for an empty list. */
export function median(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : medianSorted([...values].sort((a, b) => a - b));
}

/**
 * The medians of at most `most` blocks of equal length, in order. A fit through them costs the same however long the
 * series is, and a single outlier cannot bend it. So peaks are lost on purpose: `thinKeepingPeaks` keeps them.
 */
export function blockMedians(values: readonly number[], most: number): number[] {
  if (values.length <= most) return [...values];
  return Array.from({ length: most }, (_, index) =>
    median(values.slice(Math.floor((index * values.length) / most), Math.floor(((index + 1) * values.length) / most))),
  );
}

/** A series of more points is taken as this many block medians: the slopes of all pairs are as many as its square. */
const MOST_PAIRED = 60;

/**
 * The Theil–Sen slope per step: the median of the slopes of all pairs (Sen 1968). It stays right when up to 29 % of the
 * points are anything at all. 0 for fewer than two points.
 */
export function theilSen(values: readonly number[]): number {
  const y = blockMedians(values, MOST_PAIRED);
  const n = y.length;
  if (n < 2) return 0;
  const slopes = new Float64Array((n * (n - 1)) / 2);
  let count = 0;
  for (let i = 0; i < n; i += 1)
    for (let j = i + 1; j < n; j += 1) slopes[count++] = ((y[j] as number) - (y[i] as number)) / (j - i);
  // A typed array sorts by number, and several times faster. The library only indexes it.
  return (medianSorted(slopes.sort() as unknown as number[]) * n) / values.length;
}

/** Correlation of neighbours, from -1 to 1; 0 for a constant series. */
export function lagOne(residuals: readonly number[]): number {
  let sum = 0;
  for (const value of residuals) sum += value;
  const mean = sum / Math.max(1, residuals.length);
  let over = 0;
  let under = 0;
  for (let i = 0; i < residuals.length; i += 1) {
    const value = (residuals[i] as number) - mean;
    under += value * value;
    if (i > 0) over += value * ((residuals[i - 1] as number) - mean);
  }
  return under === 0 ? 0 : over / under;
}
