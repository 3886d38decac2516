import type { Sample } from '../model.ts';
import type { Series } from '../ring.ts';
import { classifyGrowth, type GrowthClass, LEAST_POINTS } from './classify.ts';
import { gridOver, peak, resample } from './resample.ts';

/** Less time says nothing about a shape: a start looks like a leak. */
const LEAST_MS = 10_000;
const POINTS = 600;

/**
 * What the tasks of a target did over the samples that are kept of it. They lie at uneven distances, oldest first.
 * `undefined` for fewer than 30 samples or less than 10 s.
 */
export function classifySamples(samples: Series<Sample>, remaining?: number): GrowthClass | undefined {
  const [first, last] = [samples.at(0), samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < LEAST_POINTS) return undefined;
  const spanMs = last.timeMs - first.timeMs;
  if (spanMs < LEAST_MS) return undefined;
  const grid = gridOver(first.timeMs, spanMs, spanMs / (POINTS - 1), POINTS);
  const points = Array.from({ length: samples.length }, (_, index) => {
    const { tasks, timeMs } = samples.at(index) as Sample;
    return { timeMs, value: tasks };
  });
  return classifyGrowth(resample(points, grid, peak), grid.stepMs, remaining);
}
