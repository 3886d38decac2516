import { ceilingLabel } from '../core/ceiling.ts';
import { exhaustionMs, type Growth } from '../core/forecast.ts';
import type { Ceiling } from '../core/model.ts';
import { isAsking, isForeign, type Line, lineOf, linesOf, penState, type Reading } from './lines.ts';
import type { Settings } from './settings.ts';

/** Why the guard holds an opinion. */
export const CAUSES = ['max-tasks', 'max-maps', 'budget', 'forecast', 'leash', 'foreign', 'refused', 'policy'] as const;
export type Cause = (typeof CAUSES)[number];

/** What is said of a target: facts only. The sentence for people is made by `reporters/verdictText.ts`. */
export interface Opinion {
  readonly level: 'warn' | 'trip';
  readonly cause: Cause;
  /** What set the line: the label of a ceiling, a flag, or the name of a rule. */
  readonly ceiling: string;
  readonly unit: 'tasks' | 'maps';
  /** Where the target stands, in `unit`; absent only where a rule fired on something that was not counted. */
  readonly value?: number;
  /** The line that was reached or is near; absent where there is none (a rule on growth). */
  readonly line?: number;
  /** Growth in `unit` a second, and how far away the line is at that rate. Forecasts and rules have them. */
  readonly perSecond?: number;
  readonly inMs?: number;
  /** What a rule of the operator asked for: above a number, or above a share of the line. */
  readonly above?: number | { readonly share: number; readonly of: number };
  /** How often the target was refused something, where that is why. */
  readonly refusals?: number;
  /** How the command ended, where a refusal ended it. */
  readonly ended?: string;
  /** What the series of its tasks looks like, in one word and in words; only a warning has it. */
  readonly shape?: string;
  readonly shapeText?: string;
}

export type Verdict = { readonly level: 'ok' } | Opinion;

export const OK: Verdict = { level: 'ok' };

/** A target that meets the leash of the operator in this many looks in a row outruns every honest start. */
export const LEASH_HITS_TO_TRIP = 10;

type Limits = Pick<Settings, 'warnAt' | 'horizonMs' | 'startGraceMs'>;

/**
 * What one look says. Pure: the loop acts, and measures again before anything that cannot be undone.
 *
 * Below its line a target is only ever warned of. It trips when it asks for more than the line: a forecast or a fast
 * growth is no reason, because the kernel holds the line and waiting costs nothing.
 */
export function decideVerdict(settings: Limits, reading: Reading): Verdict {
  const lines = linesOf(reading);
  return (
    overLine(lines, reading) ??
    overPen(reading) ??
    overLeash(reading) ??
    nearLine(settings, lines, reading) ??
    forecast(settings, lines, reading) ??
    OK
  );
}

function overLine(lines: readonly Line[], reading: Reading): Opinion | undefined {
  let foreign: Opinion | undefined;
  for (const line of lines) {
    const value = reading[line.unit];
    if (value === undefined || !isAsking(line, value, reading)) continue;
    const facts = factsOf(line, value);
    if (!isForeign(line, reading)) return { level: 'trip', ...facts };
    foreign ??= { level: 'warn', ...facts, cause: 'foreign' };
  }
  return foreign;
}

/** Who fills the pen of several guards is stopped; who only stands in it is told that others fill it. */
function overPen(reading: Reading): Opinion | undefined {
  const { isFull, isGuilty } = penState(reading);
  if (!isFull) return undefined;
  const facts = {
    ceiling: PEN_LABEL,
    unit: 'tasks',
    line: reading.limits.pen?.limit ?? 0,
    value: reading.tasks,
  } as const;
  return isGuilty ? { level: 'trip', cause: 'budget', ...facts } : { level: 'warn', cause: 'foreign', ...facts };
}

/** How the limit of the pen is called for people. */
const PEN_LABEL = 'the sum of all guarded commands here';

function overLeash({ refusals, tasks }: Reading): Opinion | undefined {
  if (refusals.leashLooks < LEASH_HITS_TO_TRIP) return undefined;
  const facts = { ceiling: '--leash', unit: 'tasks', value: tasks, refusals: refusals.leashLooks } as const;
  return { level: 'trip', cause: 'leash', ...facts };
}

function nearLine({ warnAt }: Limits, lines: readonly Line[], reading: Reading): Opinion | undefined {
  for (const unit of ['tasks', 'maps'] as const) {
    const line = lineOf(lines, unit);
    const value = reading[unit];
    if (line === undefined || value === undefined || value < line.at * warnAt) continue;
    return { level: 'warn', ...factsOf(line, value), cause: 'budget' };
  }
  return undefined;
}

/** Growth of fewer tasks says nothing about minutes ahead. */
const REAL_GAIN = 64;
/** And growth of less than this share of the line is far away from it. */
const REAL_SHARE = 0.05;

/** The line, or any other ceiling that its threads use up, comes nearer than the horizon if it goes on like this. */
function forecast(settings: Limits, lines: readonly Line[], reading: Reading): Opinion | undefined {
  const { growth, nowMs, peakTasks, startedMs, tasks } = reading;
  if (nowMs - startedMs < settings.startGraceMs || tasks < peakTasks) return undefined;
  const line = lineOf(lines, 'tasks');
  const nearest = [
    ...(line === undefined ? [] : [{ ceiling: labelOf(line), at: line.at }]),
    ...reading.memory.map((ceiling) => ({ ceiling: ceilingLabel(ceiling), at: tasks + threadsLeft(ceiling) })),
  ].reduce<{ ceiling: string; at: number } | undefined>(
    (best, one) => (best === undefined || one.at < best.at ? one : best),
    undefined,
  );
  if (nearest === undefined || growth.gained < Math.max(REAL_GAIN, nearest.at * REAL_SHARE)) return undefined;
  const inMs = exhaustionMs(nearest.at - tasks, growth);
  if (inMs > settings.horizonMs) return undefined;
  return { level: 'warn', cause: 'forecast', ...forecastFacts(nearest, tasks, growth), inMs };
}

function forecastFacts(line: { ceiling: string; at: number }, tasks: number, growth: Growth) {
  return {
    ceiling: line.ceiling,
    unit: 'tasks',
    line: line.at,
    value: tasks,
    perSecond: growth.longPerSecond,
  } as const;
}

function threadsLeft({ additionalThreads }: Ceiling): number {
  return typeof additionalThreads === 'number' ? additionalThreads : Number.POSITIVE_INFINITY;
}

function factsOf(line: Line, value: number) {
  return { cause: line.cause, ceiling: line.ceiling, unit: line.unit, line: line.at, value };
}

function labelOf(line: Line): string {
  return line.cause === 'budget' ? `the budget on ${line.ceiling}` : line.ceiling;
}
