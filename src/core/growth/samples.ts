import type { Sample } from '../model.ts';
import type { Series } from '../ring.ts';
import { classifyGrowth, type GrowthClass, LEAST_POINTS } from './classify.ts';

/** Less time says nothing about a shape: a start looks like a leak. */
const LEAST_MS = 10_000;
const POINTS = 60;

/** What the tasks of a target did over the samples that are kept of it, which lie at uneven distances; oldest first. */
export function classifySamples(samples: Series<Sample>, remaining?: number): GrowthClass | undefined {
  const [first, last] = [samples.at(0), samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < LEAST_POINTS) return undefined;
  const spanMs = last.timeMs - first.timeMs;
  if (spanMs < LEAST_MS) return undefined;
  const stepMs = spanMs / (POINTS - 1);
  const values: number[] = [];
  let at = 0;
  for (let point = 0; point < POINTS; point += 1) {
    const untilMs = first.timeMs + point * stepMs;
    while (at + 1 < samples.length && (samples.at(at + 1) as Sample).timeMs <= untilMs + 1e-6) at += 1;
    values.push((samples.at(at) as Sample).tasks);
  }
  return classifyGrowth(values, stepMs, remaining);
}
