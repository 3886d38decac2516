import { type Grid, latest, type Reduce, resample, type TimedValue, usualStepMs } from '../core/growth/resample.ts';
import { CPU_LOAD, METRICS, type MetricName, type Series, type SeriesPoint } from './recording.ts';

/** The same moments of two recordings. */
export interface PairedValues {
  readonly baseline: readonly number[];
  readonly candidate: readonly number[];
}

/** Two recordings, sample for sample, at equal distances from the start of each. */
export interface Paired {
  readonly stepMs: number;
  readonly metrics: ReadonlyMap<MetricName, PairedValues>;
  /** What both had to do, where it was asked for. */
  readonly load: PairedValues | undefined;
  /** Reasons to doubt them, each a sentence. */
  readonly doubts: readonly string[];
}

/** Nothing is judged by a recording that misses more than this share of its samples. */
const MOST_GAPS = 0.2;
/** A distance of more steps than this is a gap. */
const GAP_STEPS = 2.5;
const MOST_SAMPLES = 600;
/** The kernel counts processor time in hundredths of a second: over fewer samples it would be rounding alone. */
const CPU_STEPS = 5;

/** Brings both to the same steps: as long as the shorter one, at the distance of the slower one. */
export function pairSeries(baseline: Series, candidate: Series, loadField?: string): Paired {
  const both = [baseline, candidate] as const;
  const grids = gridsOf(both);
  const stepMs = grids[0].stepMs;
  const pairOf = (valuesOf: (series: Series, grid: Grid) => number[] | undefined): PairedValues | undefined => {
    const [b, c] = [valuesOf(baseline, grids[0]), valuesOf(candidate, grids[1])];
    return b === undefined || c === undefined ? undefined : { baseline: b, candidate: c };
  };
  const metrics = new Map<MetricName, PairedValues>();
  for (const name of METRICS) {
    const values = pairOf((series, grid) => onGrid(series, name, grid, latest));
    if (values !== undefined) metrics.set(name, values);
  }
  return {
    stepMs,
    metrics,
    load: loadField === undefined ? undefined : pairOf((series, grid) => loadOf(series, loadField, grid)),
    doubts: both.flatMap(gapDoubt),
  };
}

/** The grid of each, of the same length and step, from its own start on. */
export function gridsOf(both: readonly [Series, Series]): readonly [Grid, Grid] {
  const spanMs = Math.min(...both.map(spanOf));
  const stepMs = Math.max(1, ...both.map(({ points }) => usualStepMs(points)), spanMs / MOST_SAMPLES);
  const count = Math.floor(spanMs / stepMs) + 1;
  const [baseline, candidate] = both.map(({ points }) => {
    const startMs = points[0]?.timeMs ?? 0;
    return { startMs, stepMs, count, endMs: startMs + spanMs };
  });
  return [baseline as Grid, candidate as Grid];
}

/** One metric of a series on a grid; `undefined` where it was never counted. */
export function onGrid(
  { points }: Series,
  name: MetricName | 'cpuMs' | 'load',
  grid: Grid,
  reduce: Reduce,
): number[] | undefined {
  const timed: TimedValue[] = [];
  for (const point of points) {
    const value = point[name];
    if (value !== undefined) timed.push({ timeMs: point.timeMs, value });
  }
  return timed.length === 0 ? undefined : resample(timed, grid, reduce);
}

/** The load at each step. Processor time, which only adds up, becomes milliseconds a second. */
function loadOf(series: Series, field: string, grid: Grid): number[] | undefined {
  if (field !== CPU_LOAD) return onGrid(series, 'load', grid, latest);
  const total = onGrid(series, 'cpuMs', grid, latest);
  return total?.map(
    (value, index) =>
      ((value - (total[Math.max(0, index - CPU_STEPS)] ?? 0)) * 1000) /
      (grid.stepMs * Math.max(1, Math.min(index, CPU_STEPS))),
  );
}

function spanOf({ points }: Series): number {
  return (points.at(-1) as SeriesPoint).timeMs - (points[0] as SeriesPoint).timeMs;
}

/** Nothing, or one sentence about what is missing. */
function gapDoubt(series: Series): string[] {
  const missing = gapShare(series);
  return missing > MOST_GAPS
    ? [`${series.label} has gaps: ${Math.round(missing * 100)}% of its time was not sampled`]
    : [];
}

function gapShare(series: Series): number {
  const { points } = series;
  const stepMs = usualStepMs(points);
  const spanMs = spanOf(series);
  let missingMs = 0;
  for (const [index, { timeMs }] of points.slice(1).entries()) {
    const distance = timeMs - (points[index] as SeriesPoint).timeMs;
    if (distance > GAP_STEPS * stepMs) missingMs += distance - stepMs;
  }
  return spanMs === 0 ? 0 : missingMs / spanMs;
}
