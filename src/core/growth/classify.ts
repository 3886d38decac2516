import { max } from 'simple-statistics';
import { slopePerStep } from '../slope.ts';
import { type Bounds, blockBootstrap } from './bootstrap.ts';
import { growthSentence } from './growthSentence.ts';
import { blockMedians, lagOne, median, theilSen } from './series.ts';
import { type Fit, fitShapes, type Shape } from './shapes.ts';

/** What a series does, with the numbers that a decision needs. */
export interface GrowthClass {
  readonly shape: Shape;
  /** Whether it is still growing at the end of the window. */
  readonly isGrowing: boolean;
  /** Growth per second at the end of the window, with the bounds of its 95 % interval. */
  readonly perSecond: number;
  readonly lowPerSecond: number;
  readonly highPerSecond: number;
  /** The highest value, also where it stood alone. */
  readonly peak: number;
  /** Until `remaining` is used up if it goes on like this; `Infinity` when it does not grow or nothing is known. */
  readonly exhaustionMs: number;
  /** One plain sentence. */
  readonly sentence: string;
}

/** Fewer points say nothing about a shape. */
export const LEAST_POINTS = 30;
/** Shapes are fitted to so many block medians at most. */
const POINTS = 60;
/** Nobody would act on a smaller change: three tasks, or this share of the level. */
const LEAST_CHANGE = 3;
const LEAST_SHARE = 0.04;
/** Counts are whole numbers: rounding alone gives them this variance. */
const ROUNDING = 1 / 12;
/** 60 draws without the outermost at either end: 97 % of them. */
const DRAWS = { repeats: 60, cut: 1 };

const GROWING: ReadonlySet<Shape> = new Set(['linear', 'staircase', 'late leak', 'exponential']);

/**
 * Names the shape of a series at equal distances (`stepMs`), oldest first. Shapes are compared by the Bayesian
 * information criterion (Schwarz 1978). Its number of points is an effective one, because neighbours are alike. A shape
 * that changes too little to matter is not considered. `undefined` for fewer than `LEAST_POINTS`.
 */
export function classifyGrowth(values: readonly number[], stepMs: number, remaining?: number): GrowthClass | undefined {
  if (values.length < LEAST_POINTS) return undefined;
  const y = blockMedians(values, POINTS);
  const fit = chooseShape(y);
  const isGrowing = GROWING.has(fit.shape);
  const stepSeconds = (stepMs * values.length) / y.length / 1000;
  const tail = tailOf(y, fit);
  const slope = theilSen(tail);
  const { high, low } = slopeBounds(tail, slope);
  const perSecond = isGrowing ? slope / stepSeconds : 0;
  const exhaustionMs =
    isGrowing && perSecond > 0 && remaining !== undefined
      ? exhaustion(fit.shape, tail, slope, stepSeconds, remaining)
      : Number.POSITIVE_INFINITY;
  const peak = max([...values]);
  return {
    shape: fit.shape,
    isGrowing,
    perSecond,
    lowPerSecond: low / stepSeconds,
    highPerSecond: high / stepSeconds,
    peak,
    exhaustionMs,
    sentence: growthSentence(fit, y, { perSecond, exhaustionMs, peak }),
  };
}

/** The shape with the best balance of closeness and simplicity. */
export function chooseShape(y: readonly number[]): Fit {
  const fits = fitShapes(y);
  const level = Math.abs(median(y));
  const least = Math.max(LEAST_CHANGE, LEAST_SHARE * level);
  const closest = fits.reduce((best, fit) =>
    fit.rss / freedom(fit, y.length) < best.rss / freedom(best, y.length) ? fit : best,
  );
  const correlation = Math.min(
    0.9,
    Math.max(0, lagOne(y.map((value, index) => value - (closest.values[index] as number)))),
  );
  const points = Math.max(12, (y.length * (1 - correlation)) / (1 + correlation));
  const score = ({ parameters, rss }: Fit): number =>
    points * Math.log(Math.max(rss / y.length, ROUNDING)) + parameters * Math.log(points);
  const [flat, ...others] = fits as [Fit, ...Fit[]];
  return others
    .filter((fit) => changeOf(fit) >= least)
    .reduce((best, fit) => (score(fit) < score(best) ? fit : best), flat);
}

/** Degrees of freedom that are left. */
function freedom({ parameters }: Fit, n: number): number {
  return Math.max(1, n - parameters);
}

/** From its lowest to its highest value. */
function changeOf({ values }: Fit): number {
  return Math.max(...values) - Math.min(...values);
}

/** The part that says how it grows now: what follows the knee of a late leak, the last sixth of an acceleration. */
function tailOf(y: readonly number[], { knee, shape }: Fit): readonly number[] {
  if (shape === 'late leak') return y.slice(Math.min(y.length - 8, Math.floor((knee ?? 0) * y.length)));
  if (shape === 'exponential') return y.slice(-Math.max(8, Math.floor(y.length / 6)));
  return y;
}

/** The spread of the least-squares slope of drawn residuals stands for that of the Theil–Sen slope. */
function slopeBounds(y: readonly number[], slope: number): Bounds {
  const residuals = y.map((value, index) => value - slope * index);
  const slopeOf = slopePerStep(y.length);
  return blockBootstrap(residuals, DRAWS, (drawn) => slope + slopeOf(drawn));
}

/** What grows by shares uses up the rest sooner than a line would. */
function exhaustion(
  shape: Shape,
  tail: readonly number[],
  slope: number,
  stepSeconds: number,
  remaining: number,
): number {
  const last = tail.at(-1) as number;
  if (shape !== 'exponential' || last <= 0) return (remaining / slope) * stepSeconds * 1000;
  const rate = slope / median(tail);
  return (Math.log1p(remaining / last) / rate) * stepSeconds * 1000;
}
