import { linearRegression } from 'simple-statistics';
import { slopePerStep } from '../slope.ts';
import { type Bounds, blockBootstrap } from './bootstrap.ts';
import { blockMedians, median, theilSen } from './series.ts';

/** An estimate with the interval that it lies in. */
export interface Estimate extends Bounds {
  readonly value: number;
}

/** The bounds of a 98 % interval are the third answer from either end. */
const DRAWS = { repeats: 199, cut: 2 };
/** Series are reduced to so many block medians: the comparison costs the square of them. */
const POINTS = 60;
const LEVEL_POINTS = 30;
/** Keeps a division and a logarithm of a count of 0 finite. */
const TINY = 1e-9;

/**
 * How much more the candidate grew than the baseline over the window, as a share of its own level. It is the slope of
 * the difference of both series, each divided by its median, so load that both see goes away, whatever their size. Both
 * series have the same length and only finite values.
 */
export function extraRise(baseline: readonly number[], candidate: readonly number[]): Estimate {
  const own = level(candidate);
  const apart = blockMedians(difference(baseline, candidate), POINTS).map((value) => value / own);
  const slope = theilSen(apart);
  const residuals = apart.map((value, index) => value - slope * index);
  const slopeOf = slopePerStep(apart.length);
  // The spread of a least-squares slope stands for that of the Theil–Sen slope, for a hundredth of the time.
  const { high, low } = blockBootstrap(residuals, DRAWS, (drawn) => slope + slopeOf(drawn));
  const n = apart.length;
  return { value: slope * n, low: low * n, high: high * n };
}

/** What the candidate holds beyond what it would hold if it moved as the baseline does, in its own unit. */
export function difference(baseline: readonly number[], candidate: readonly number[]): number[] {
  const scale = level(candidate) / level(baseline);
  return candidate.map((value, index) => value - (baseline[index] as number) * scale);
}

/**
 * How many times as high as the baseline's the candidate's level is: the median of all ratios (Hodges and Lehmann 1963,
 * of logarithms). The interval uses only pairs from the same time, so load that both see goes away.
 */
export function levelRatio(baseline: readonly number[], candidate: readonly number[]): Estimate {
  const [b, c] = [blockMedians(baseline, LEVEL_POINTS), blockMedians(candidate, LEVEL_POINTS)];
  const value = median(c.flatMap((above) => b.map((below) => above / Math.max(TINY, below))));
  const logs = c.map((above, index) => Math.log(Math.max(TINY, above) / Math.max(TINY, b[index] as number)));
  const { high, low } = blockBootstrap(logs, DRAWS, (drawn) => {
    let sum = 0;
    for (const log of drawn) sum += log;
    return Math.exp(sum / drawn.length);
  });
  return { value, low, high };
}

function level(values: readonly number[]): number {
  return Math.max(1, median(values));
}

/**
 * How many units one more unit of load takes: the least-squares slope of the baseline over its load. 0 where both have
 * nothing to do with each other, and where the load never moved.
 */
export function loadEffect(baseline: readonly number[], load: readonly number[]): number {
  const { m } = linearRegression(baseline.map((value, index) => [load[index] ?? 0, value]));
  return Number.isFinite(m) ? Math.max(0, m) : 0;
}

/** The same series as it would have been if the load had been `reference` all the time. */
export function underLoad(
  values: readonly number[],
  load: readonly number[],
  effect: number,
  reference: number,
): number[] {
  return values.map((value, index) => Math.max(0, value - effect * ((load[index] ?? reference) - reference)));
}
