import { formatCount, formatDuration } from '../units.ts';
import { lagOne, leastSquares, median, seeded, theilSen, thin } from './series.ts';
import { type Fit, fitShapes, type Shape } from './shapes.ts';

/** What a series does, with the numbers that a decision needs. */
export interface GrowthClass {
  readonly shape: Shape;
  /** Whether it goes on growing at the end of the window. */
  readonly isGrowing: boolean;
  /** Growth per second at the end of the window, with the bounds of its 95 % interval. */
  readonly perSecond: number;
  readonly lowPerSecond: number;
  readonly highPerSecond: number;
  /** Until `remaining` is used up if it goes on like this; `Infinity` when it does not grow or nothing is known. */
  readonly exhaustionMs: number;
  /** One plain sentence. */
  readonly sentence: string;
}

/** Fewer points say nothing about a shape. */
export const LEAST_POINTS = 30;
/** Fits are laid through so many block medians at most. */
const POINTS = 60;
/** A change of less is no change that anybody would act on: three tasks, or this share of the level. */
const LEAST_CHANGE = 3;
const LEAST_SHARE = 0.04;
/** Counts are whole numbers: their rounding alone has this variance. */
const ROUNDING = 1 / 12;
const REPEATS = 60;

const GROWING: ReadonlySet<Shape> = new Set(['linear', 'staircase', 'late leak', 'exponential']);

/**
 * Names the shape of a series at equal distances (`stepMs`), oldest first. Shapes are compared by the Bayesian information
 * criterion (Schwarz 1978) with an effective number of points, because neighbours are alike; one that changes too little to
 * matter is not considered. `undefined` for fewer than `LEAST_POINTS`.
 */
export function classifyGrowth(values: readonly number[], stepMs: number, remaining?: number): GrowthClass | undefined {
  if (values.length < LEAST_POINTS) return undefined;
  const y = thin(values, POINTS);
  const fit = chooseShape(y);
  const isGrowing = GROWING.has(fit.shape);
  const stepSeconds = (stepMs * values.length) / y.length / 1000;
  const tail = tailOf(y, fit);
  const { high, low, slope } = interval(tail);
  const perSecond = isGrowing ? slope / stepSeconds : 0;
  const exhaustionMs =
    isGrowing && perSecond > 0 && remaining !== undefined
      ? exhaustion(fit.shape, tail, slope, stepSeconds, remaining)
      : Number.POSITIVE_INFINITY;
  return {
    shape: fit.shape,
    isGrowing,
    perSecond,
    lowPerSecond: low / stepSeconds,
    highPerSecond: high / stepSeconds,
    exhaustionMs,
    sentence: sentenceOf(fit, y, perSecond, exhaustionMs),
  };
}

/** The shape with the best balance of closeness and simplicity. */
export function chooseShape(y: readonly number[]): Fit {
  const fits = fitShapes(y);
  const level = Math.abs(median(y));
  const least = Math.max(LEAST_CHANGE, LEAST_SHARE * level);
  const closest = fits.reduce((best, fit) =>
    fit.rss / penalty(fit, y.length) < best.rss / penalty(best, y.length) ? fit : best,
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

/** Degrees of freedom left. */
function penalty({ parameters }: Fit, n: number): number {
  return Math.max(1, n - parameters);
}

/** From its lowest to its highest value. */
function changeOf({ values }: Fit): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high - low;
}

/** The part that says how it grows now: after the knee of a late leak, the last third of what accelerates. */
function tailOf(y: readonly number[], { knee, shape }: Fit): readonly number[] {
  if (shape === 'late leak') return y.slice(Math.min(y.length - 8, Math.floor((knee ?? 0) * y.length)));
  if (shape === 'exponential') return y.slice(-Math.max(8, Math.floor(y.length / 6)));
  return y;
}

/** Theil–Sen slope with a 95 % interval by a block bootstrap of its residuals (Künsch 1989): neighbours stay together. */
function interval(y: readonly number[]): { slope: number; low: number; high: number } {
  const slope = theilSen(y);
  const residuals = y.map((value, index) => value - slope * index);
  const random = seeded(y.length);
  const block = Math.max(2, Math.round(Math.sqrt(y.length)));
  const slopes: number[] = [];
  const drawn = new Float64Array(y.length);
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    for (let filled = 0; filled < y.length; ) {
      const from = Math.floor(random() * (y.length - block + 1));
      for (let i = 0; i < block && filled < y.length; i += 1) drawn[filled++] = residuals[from + i] as number;
    }
    slopes.push(slope + leastSquares(drawn));
  }
  slopes.sort((a, b) => a - b);
  return { slope, low: slopes[1] as number, high: slopes[REPEATS - 2] as number };
}

/** What grows by shares uses the rest up sooner than a line would. */
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

function sentenceOf({ knee, shape }: Fit, y: readonly number[], perSecond: number, exhaustionMs: number): string {
  const first = formatCount(median(y.slice(0, 5)));
  const last = formatCount(median(y.slice(-5)));
  const at = knee === undefined ? '' : ` after ${Math.round(knee * 100)}% of the time`;
  const rate = perSecond >= 1 ? `${perSecond.toFixed(1)}/s` : `${(perSecond * 60).toFixed(1)} a minute`;
  const end = Number.isFinite(exhaustionMs) ? `; nothing is left in ${formatDuration(exhaustionMs)}` : '';
  switch (shape) {
    case 'flat':
      return `stays at ${last}`;
    case 'step':
      return `went from ${first} to ${last} in one step${at} and stays there`;
    case 'plateau':
      return `warmed up from ${first} to ${last} and stays there`;
    case 'periodic':
      return `goes up and down around ${formatCount(median(y))}`;
    case 'linear':
      return `grows steadily from ${first} to ${last}, ${rate}${end}`;
    case 'staircase':
      return `grows in steps from ${first} to ${last}, ${rate} on average${end}`;
    case 'late leak':
      return `was at ${first} and began to grow${at}, ${rate} now${end}`;
    case 'exponential':
      return `grows faster and faster, from ${first} to ${last}, ${rate} now${end}`;
    default:
      return shape satisfies never;
  }
}
