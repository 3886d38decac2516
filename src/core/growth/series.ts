import { medianSorted } from 'simple-statistics';

/** Numbers over time, for the judges. All pure; nothing here knows what is counted. */

/** The middle of a list, of an even number the mean of both; NaN for none. */
export function median(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : medianSorted([...values].sort((a, b) => a - b));
}

/** The value below which a share `q` (0 to 1) of a sorted list lies, by linear interpolation. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = Math.min(sorted.length - 1, Math.max(0, q * (sorted.length - 1)));
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return (sorted[low] as number) + ((sorted[high] as number) - (sorted[low] as number)) * (at - low);
}

/** At most `most` medians of blocks of equal length, in order: the cost of a fit does not grow with the series. */
export function thin(values: readonly number[], most: number): number[] {
  if (values.length <= most) return [...values];
  return Array.from({ length: most }, (_, index) =>
    median(values.slice(Math.floor((index * values.length) / most), Math.floor(((index + 1) * values.length) / most))),
  );
}

/**
 * Theil–Sen slope per step: the median of the slopes of all pairs (Sen 1968). A third of the points may be anything. Of
 * series of over `MOST_PAIRED` points block medians are taken first.
 */
export function theilSen(values: readonly number[]): number {
  const y = thin(values, MOST_PAIRED);
  const n = y.length;
  if (n < 2) return 0;
  const slopes = new Float64Array((n * (n - 1)) / 2);
  let count = 0;
  for (let i = 0; i < n; i += 1)
    for (let j = i + 1; j < n; j += 1) slopes[count++] = ((y[j] as number) - (y[i] as number)) / (j - i);
  slopes.sort();
  const middle = count >> 1;
  const slope =
    count % 2 === 1 ? (slopes[middle] as number) : ((slopes[middle - 1] as number) + (slopes[middle] as number)) / 2;
  return (slope * n) / values.length;
}

const MOST_PAIRED = 60;

/** Slope per step by least squares. */
export function leastSquares(values: ArrayLike<number>): number {
  const n = values.length;
  const middle = (n - 1) / 2;
  let over = 0;
  for (let i = 0; i < n; i += 1) over += (i - middle) * (values[i] as number);
  return n < 2 ? 0 : (over * 12) / (n * (n * n - 1));
}

/** Correlation of neighbours, from -1 to 1; 0 of a constant. */
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

/** A seeded generator of numbers from 0 to 1 (mulberry32): the same verdict for the same series, always. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
