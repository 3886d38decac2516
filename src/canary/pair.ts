import { median } from '../core/growth/series.ts';
import { CPU_LOAD, METRICS, type MetricName, type Series, type SeriesPoint } from './recording.ts';

/** Two recordings, sample for sample, at equal distances from the start of each. */
export interface Paired {
  readonly stepMs: number;
  readonly metrics: ReadonlyMap<
    MetricName,
    { readonly baseline: readonly number[]; readonly candidate: readonly number[] }
  >;
  /** What both had to do, where it was asked for. */
  readonly load: { readonly baseline: readonly number[]; readonly candidate: readonly number[] } | undefined;
  /** Why they say little, each a sentence. */
  readonly doubts: readonly string[];
}

/** More than this share of the samples missing is no recording to judge by. */
const MOST_GAPS = 0.2;
/** A distance of so many steps is a gap. */
const GAP_STEPS = 2.5;
const MOST_SAMPLES = 600;

export function pairSeries(baseline: Series, candidate: Series, loadField?: string): Paired {
  const spans = [baseline, candidate].map(
    ({ points }) => (points.at(-1) as SeriesPoint).timeMs - (points[0] as SeriesPoint).timeMs,
  );
  const steps = [baseline, candidate].map(stepOf);
  const spanMs = Math.min(...spans);
  const stepMs = Math.max(1, ...steps, spanMs / MOST_SAMPLES);
  const count = Math.floor(spanMs / stepMs) + 1;
  const metrics = new Map<MetricName, { baseline: number[]; candidate: number[] }>();
  for (const name of METRICS) {
    const [b, c] = [baseline, candidate].map((series) => resample(series, name, stepMs, count));
    if (b !== undefined && c !== undefined) metrics.set(name, { baseline: b, candidate: c });
  }
  const doubts = [baseline, candidate].flatMap((series, index) => {
    const missing = gapShare(series, steps[index] as number);
    return missing > MOST_GAPS
      ? [`${series.label} has gaps: ${Math.round(missing * 100)}% of its time was not sampled`]
      : [];
  });
  const loads = [baseline, candidate].map((series) => loadOf(series, loadField, stepMs, count));
  const [b, c] = loads;
  return {
    stepMs,
    metrics,
    load: b === undefined || c === undefined ? undefined : { baseline: b, candidate: c },
    doubts,
  };
}

/** A load at each step; of processor time what it was used at, in milliseconds a second. */
function loadOf(series: Series, field: string | undefined, stepMs: number, count: number): number[] | undefined {
  if (field === undefined) return undefined;
  if (field !== CPU_LOAD) return resample(series, 'load', stepMs, count);
  const total = resample(series, 'cpuMs', stepMs, count);
  return total?.map(
    (value, index) =>
      ((value - (total[Math.max(0, index - CPU_STEPS)] ?? 0)) * 1000) /
      (stepMs * Math.max(1, Math.min(index, CPU_STEPS))),
  );
}

/** The kernel counts in hundredths of a second: over fewer samples there is nothing but rounding. */
const CPU_STEPS = 5;

function stepOf({ points }: Series): number {
  if (points.length < 2) return 1;
  return median(points.slice(1).map(({ timeMs }, index) => timeMs - (points[index] as SeriesPoint).timeMs));
}

function gapShare({ points }: Series, stepMs: number): number {
  const span = (points.at(-1) as SeriesPoint).timeMs - (points[0] as SeriesPoint).timeMs;
  let missing = 0;
  for (const [index, { timeMs }] of points.slice(1).entries()) {
    const distance = timeMs - (points[index] as SeriesPoint).timeMs;
    if (distance > GAP_STEPS * stepMs) missing += distance - stepMs;
  }
  return span === 0 ? 0 : missing / span;
}

/** The last value at or before each step; `undefined` where it was never counted. */
function resample(
  { points }: Series,
  name: MetricName | 'cpuMs' | 'load',
  stepMs: number,
  count: number,
): number[] | undefined {
  const first = points.find((point) => point[name] !== undefined)?.[name];
  if (first === undefined) return undefined;
  const startMs = (points[0] as SeriesPoint).timeMs;
  const values: number[] = [];
  let [at, last] = [0, first];
  for (let step = 0; step < count; step += 1) {
    const untilMs = startMs + step * stepMs + stepMs / 2;
    for (; at < points.length && (points[at] as SeriesPoint).timeMs <= untilMs; at += 1)
      last = (points[at] as SeriesPoint)[name] ?? last;
    values.push(last);
  }
  return values;
}
