import { max } from 'simple-statistics';
import { median } from './series.ts';

/** A value at a moment. */
export interface TimedValue {
  readonly timeMs: number;
  readonly value: number;
}

/** Points of time at equal distances. */
export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly count: number;
  /** The end of the last step; what comes after it does not count. */
  readonly endMs: number;
}

/** What becomes of the values that fall into one step; there is at least one. */
export type Reduce = (values: readonly number[]) => number;

/** The most: a peak of a second survives in a step of an hour. */
export const peak: Reduce = (values) => max([...values]);
/** The last one: one sample for each step, as if it had been sampled at that distance. */
export const latest: Reduce = (values) => values.at(-1) as number;

/** A grid over a span, in steps of `stepMs`, or in longer ones where there would be more than `most` points. */
export function gridOver(startMs: number, spanMs: number, stepMs: number, most: number): Grid {
  const step = Math.max(1, stepMs, spanMs / Math.max(1, most - 1));
  return {
    startMs,
    stepMs: step,
    count: Math.min(most, Math.floor(spanMs / step + 1e-9) + 1),
    endMs: startMs + spanMs,
  };
}

/**
 * A series on a grid. A step has the values from half a step before its point to half a step after it, the last one all
 * that is left. A step without a value has the last value before it, and before the first value that one. `points` are
 * in order of time; an empty list gives an empty series.
 */
export function resample(points: readonly TimedValue[], grid: Grid, reduce: Reduce): number[] {
  const [first] = points;
  if (first === undefined) return [];
  const values: number[] = [];
  let at = 0;
  let carried = first.value;
  for (let step = 0; step < grid.count; step += 1) {
    const untilMs = step === grid.count - 1 ? grid.endMs : grid.startMs + (step + 0.5) * grid.stepMs;
    const inStep: number[] = [];
    for (; at < points.length && (points[at] as TimedValue).timeMs <= untilMs; at += 1)
      inStep.push((points[at] as TimedValue).value);
    values.push(inStep.length === 0 ? carried : reduce(inStep));
    carried = inStep.at(-1) ?? carried;
  }
  return values;
}

/** The usual distance of points, in milliseconds; 1 for fewer than two. */
export function usualStepMs(points: readonly { readonly timeMs: number }[]): number {
  if (points.length < 2) return 1;
  return median(points.slice(1).map(({ timeMs }, index) => timeMs - (points[index]?.timeMs ?? timeMs)));
}

/**
 * At most `most` (3 or more) of the items, in their order: the first, the last, and of each block between them the
 * highest by every measure. So a drawing of a week shows the peak of a second, with its own time. A measure that is
 * `undefined` was not taken.
 */
export function thinKeepingPeaks<T>(
  items: readonly T[],
  most: number,
  measures: readonly ((item: T) => number | undefined)[],
): readonly T[] {
  if (items.length <= most) return items;
  const blocks = Math.max(1, Math.floor((most - 2) / measures.length));
  const inner = items.length - 2;
  const kept = new Set([0, items.length - 1]);
  for (let block = 0; block < blocks; block += 1) {
    const from = 1 + Math.floor((block * inner) / blocks);
    const to = 1 + Math.floor(((block + 1) * inner) / blocks);
    for (const measure of measures) kept.add(highest(items, from, to, measure));
  }
  return [...kept].sort((a, b) => a - b).map((index) => items[index] as T);
}

function highest<T>(items: readonly T[], from: number, to: number, measure: (item: T) => number | undefined): number {
  let best = from;
  for (let index = from + 1; index < to; index += 1) {
    const value = measure(items[index] as T) ?? Number.NEGATIVE_INFINITY;
    if (value > (measure(items[best] as T) ?? Number.NEGATIVE_INFINITY)) best = index;
  }
  return best;
}
