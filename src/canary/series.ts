import { readFileSync } from 'node:fs';
import { median } from '../core/growth/series.ts';
import { errnoOf, GuardError } from '../errors.ts';

/** What was counted of a target at one moment. Milliseconds on a clock that only goes forward. */
export interface SeriesPoint {
  readonly timeMs: number;
  readonly tasks: number;
  readonly processes?: number | undefined;
  /** Of the process that has the most. */
  readonly maps?: number | undefined;
  readonly memoryBytes?: number | undefined;
  /** Processor time so far. */
  readonly cpuMs?: number | undefined;
  /** What it had to do, in a unit of its own; only where it was asked for. */
  readonly load?: number | undefined;
}

/** The load that every recording has: processor time per second. */
export const CPU_LOAD = 'cpu';

export const METRICS = ['tasks', 'processes', 'maps', 'memoryBytes'] as const;
export type MetricName = (typeof METRICS)[number];

/** A recording: what it is of, and its points, oldest first. */
export interface Series {
  readonly label: string;
  readonly points: readonly SeriesPoint[];
}

/** The first line of a file that `threadguard record` writes. */
export const SAMPLES_SCHEMA = 'threadguard.samples/1';

/** A line of a recording after its first. */
export function pointLine(point: SeriesPoint): string {
  return `${JSON.stringify(point)}\n`;
}

/**
 * A recording of `record`, or the samples of an incident. Throws a GuardError (125) that names line and field: a judge
 * must not guess what a number was.
 */
export function readSeries(path: string, loadField?: string): Series {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw refusal(
      `cannot read ${path} (${errnoOf(error)})`,
      'name a file of threadguard record, or samples.ndjson of an incident',
    );
  }
  return parseSeries(text, path, loadField);
}

export function parseSeries(text: string, path: string, loadField?: string): Series {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  let label = path;
  const points: SeriesPoint[] = [];
  for (const [index, line] of lines.entries()) {
    const where = `${path}:${index + 1}`;
    const value = parseLine(line, where, index === lines.length - 1);
    if (index === 0 && typeof value['schema'] === 'string') {
      if (value['schema'] !== SAMPLES_SCHEMA)
        throw refusal(
          `${where}: schema is ${JSON.stringify(value['schema'])}`,
          `${SAMPLES_SCHEMA} is what can be read`,
        );
      if (typeof value['target'] === 'string') label = value['target'];
      continue;
    }
    points.push(pointOf(value, where, points.at(-1), loadField));
  }
  if (points.length === 0)
    throw refusal(`${path} holds no sample`, 'was the recording cut short? threadguard record --out FILE makes one');
  return { label, points };
}

function parseLine(line: string, where: string, isLast: boolean): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw refusal(
    `${where}: ${isLast ? 'the last line is cut short' : 'not a JSON object'}`,
    isLast ? `leave it out: sed -i '$d' FILE` : 'one sample a line, as threadguard record writes them',
  );
}

function pointOf(
  value: Record<string, unknown>,
  where: string,
  before: SeriesPoint | undefined,
  loadField: string | undefined,
): SeriesPoint {
  const number = (name: string, isNeeded: boolean): number | undefined => {
    const found = value[name];
    if (found === undefined && !isNeeded) return undefined;
    if (typeof found === 'number' && Number.isFinite(found) && found >= 0) return found;
    throw refusal(
      `${where}: ${name} is ${found === undefined ? 'missing' : JSON.stringify(found)}`,
      `${name} must be a number from 0`,
    );
  };
  const timeMs = number('timeMs', true) as number;
  if (before !== undefined && timeMs < before.timeMs) {
    throw refusal(
      `${where}: timeMs goes back, from ${before.timeMs} to ${timeMs}`,
      'a clock was set, or two recordings were put together',
    );
  }
  return {
    timeMs,
    tasks: number('tasks', true) as number,
    processes: number('processes', false),
    maps: number('maps', false),
    memoryBytes: number('memoryBytes', false),
    cpuMs: number('cpuMs', loadField === CPU_LOAD),
    load: loadField === undefined || loadField === CPU_LOAD ? undefined : number(loadField, true),
  };
}

function refusal(message: string, hint: string): GuardError {
  return new GuardError('bad-recording', message, { hint });
}

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
