import { formatCount } from '../core/units.ts';
import { errnoOf, GuardError } from '../errors.ts';
import type { RecordingHeader } from '../schemas/recordingSchema.ts';
import { type ReadLine, readLines } from '../sys/readLines.ts';

/** What was counted of a target at one moment. */
export interface SeriesPoint {
  /** On a clock that only goes forward. */
  readonly timeMs: number;
  readonly tasks: number;
  readonly processes?: number | undefined;
  /** Maps of the process that has the most. */
  readonly maps?: number | undefined;
  readonly memoryBytes?: number | undefined;
  /** Processor time since its start. */
  readonly cpuMs?: number | undefined;
  /** How much it had to do, in a unit of its own; only where it was asked for. */
  readonly load?: number | undefined;
}

/** The load that every recording has: processor time a second. */
export const CPU_LOAD = 'cpu';

export const METRICS = ['tasks', 'processes', 'maps', 'memoryBytes'] as const;
export type MetricName = (typeof METRICS)[number];

/** A recording: what was recorded, and its points, oldest first. */
export interface Series {
  readonly label: string;
  readonly points: readonly SeriesPoint[];
}

/** The first line of a file that `threadguard record` writes. */
const SAMPLES_SCHEMA = 'threadguard.samples/1';

/** Two weeks of one sample a second. They are held in memory, 100 bytes each. */
const MOST_POINTS = 1_200_000;

/** The first line of a recording. `started` is an ISO 8601 time. */
export function headerLine(header: Omit<RecordingHeader, 'schema'>): string {
  return `${JSON.stringify({ schema: SAMPLES_SCHEMA, ...header } satisfies RecordingHeader)}\n`;
}

/** A line of a recording after its first. */
export function pointLine(point: SeriesPoint): string {
  return `${JSON.stringify(point)}\n`;
}

/**
 * Reads a recording of `record`, or the samples of an incident. Throws a GuardError (125) that names line and field: a
 * judge must not guess what a number was.
 */
export function readSeries(path: string, loadField?: string): Series {
  try {
    return seriesOf(readLines(path, 'utf8'), path, loadField);
  } catch (error) {
    if (error instanceof GuardError) throw error;
    throw refusal(
      `cannot read ${path} (${errnoOf(error)})`,
      'name a file of threadguard record, or samples.ndjson of an incident',
    );
  }
}

/** The same of a text. */
export function parseSeries(text: string, path: string, loadField?: string): Series {
  const lines = text.split('\n');
  const isEnded = lines.at(-1) === '';
  if (isEnded) lines.pop();
  const last = lines.length - 1;
  return seriesOf(
    lines.map((line, index) => ({ text: line, isEnded: isEnded || index < last })),
    path,
    loadField,
  );
}

function seriesOf(lines: Iterable<ReadLine>, path: string, loadField: string | undefined): Series {
  let label = path;
  let number = 0;
  const points: SeriesPoint[] = [];
  for (const { isLast, line } of withLast(lines)) {
    number += 1;
    const where = `${path}:${number}`;
    const value = parseLine(line.text, where, isLast);
    if (number === 1 && typeof value['schema'] === 'string') {
      if (value['schema'] !== SAMPLES_SCHEMA)
        throw refusal(`${where}: schema is ${JSON.stringify(value['schema'])}`, `only ${SAMPLES_SCHEMA} can be read`);
      if (typeof value['target'] === 'string') label = value['target'];
      continue;
    }
    if (points.length === MOST_POINTS)
      throw refusal(
        `${path} holds more than ${formatCount(MOST_POINTS)} samples`,
        'give it a part of them: head -n 1000000',
      );
    points.push(pointOf(value, where, points.at(-1), loadField));
  }
  if (points.length === 0)
    throw refusal(`${path} holds no sample`, 'was the recording cut short? threadguard record --out FILE makes one');
  return { label, points };
}

function* withLast(lines: Iterable<ReadLine>): Generator<{ line: ReadLine; isLast: boolean }, void> {
  let held: ReadLine | undefined;
  for (const line of lines) {
    if (held !== undefined) yield { line: held, isLast: false };
    held = line;
  }
  if (held !== undefined) yield { line: held, isLast: true };
}

function parseLine(line: string, where: string, isLast: boolean): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // The refusal below says it.
  }
  throw refusal(
    `${where}: ${isLast ? 'the last line is cut short' : 'not a JSON object'}`,
    isLast ? `remove it: sed -i '$d' FILE` : 'one sample a line, as threadguard record writes them',
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
