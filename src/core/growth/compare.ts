import { linearRegression } from 'simple-statistics';
import { leastSquares, median, quantile, seeded, theilSen, thin } from './series.ts';

/** An estimate with the interval that it lies in. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Draws of a bootstrap; the bounds of a 98 % interval are its third from either end. */
const REPEATS = 199;
const CONFIDENCE = 0.98;
/** Series are thinned to so many points: what is compared is slow. */
const POINTS = 60;
const LEVEL_POINTS = 30;

/**
 * How much more the candidate grew than the baseline over the window, as a share of its own level: the slope of the difference
 * of the two, each divided by its median. Load that both see goes away, whatever their size. Interval by a block bootstrap of the
 * residuals (neighbours are alike). Both series have the same length and no value that is not finite.
 */
export function extraRise(baseline: readonly number[], candidate: readonly number[]): Estimate {
  const own = level(candidate);
  const apart = thin(difference(baseline, candidate), POINTS).map((value) => value / own);
  const slope = theilSen(apart);
  const residuals = apart.map((value, index) => value - slope * index);
  // The spread of a least-squares slope stands for that of the other one: a hundredth of the time.
  const slopes = resample(residuals, (drawn) => slope + leastSquares(drawn));
  const n = apart.length;
  return {
    value: slope * n,
    low: quantile(slopes, (1 - CONFIDENCE) / 2) * n,
    high: quantile(slopes, (1 + CONFIDENCE) / 2) * n,
  };
}

/** What the candidate holds more than it would if it went as the baseline does, in its own unit. */
export function difference(baseline: readonly number[], candidate: readonly number[]): number[] {
  const scale = level(candidate) / level(baseline);
  return candidate.map((value, index) => value - (baseline[index] as number) * scale);
}

/** How many times the level of the baseline the candidate's is: the median of all ratios (Hodges and Lehmann 1963, of logarithms). */
export function levelRatio(baseline: readonly number[], candidate: readonly number[]): Estimate {
  const [b, c] = [thin(baseline, LEVEL_POINTS), thin(candidate, LEVEL_POINTS)];
  const value = median(c.flatMap((above) => b.map((below) => above / Math.max(1e-9, below))));
  // The interval is of the pairs that were taken at the same time: load that both see goes away.
  const logs = c.map((above, index) => Math.log(Math.max(1e-9, above) / Math.max(1e-9, b[index] as number)));
  const ratios = resample(logs, (drawn) => {
    let sum = 0;
    for (const log of drawn) sum += log;
    return Math.exp(sum / drawn.length);
  });
  return { value, low: quantile(ratios, (1 - CONFIDENCE) / 2), high: quantile(ratios, (1 + CONFIDENCE) / 2) };
}

/** Draws blocks of neighbours with their order kept, puts them together to the same length, and asks each time. Sorted. */
function resample(values: readonly number[], ask: (drawn: Float64Array) => number): Float64Array {
  const n = values.length;
  const random = seeded(n);
  const block = Math.max(2, Math.round(n ** 0.5));
  const answers = new Float64Array(REPEATS);
  const drawn = new Float64Array(n);
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    for (let filled = 0; filled < n; ) {
      const from = Math.floor(random() * (n - block + 1));
      for (let i = 0; i < block && filled < n; i += 1) drawn[filled++] = values[from + i] as number;
    }
    answers[repeat] = ask(drawn);
  }
  return answers.sort();
}

function level(values: readonly number[]): number {
  return Math.max(1, median(values));
}

/**
 * What one more unit of load takes of what is counted: the slope of the baseline over its load, by least squares. 0 where they
 * have nothing to do with each other, or the load never moved.
 */
export function loadEffect(baseline: readonly number[], load: readonly number[]): number {
  const points = baseline.map((value, index) => [load[index] ?? 0, value]);
  const { m } = linearRegression(points);
  return Number.isFinite(m) ? Math.max(0, m) : 0;
}

/** The same series as it would have been under a load of `reference` all the time. */
export function underLoad(
  values: readonly number[],
  load: readonly number[],
  effect: number,
  reference: number,
): number[] {
  return values.map((value, index) => Math.max(0, value - effect * ((load[index] ?? reference) - reference)));
}
