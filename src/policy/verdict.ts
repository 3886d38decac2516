import { type Budget, budgetKey, tightestTaskBudget } from '../core/budget.ts';
import { ceilingLabel } from '../core/ceiling.ts';
import { exhaustionMs, type Growth } from '../core/forecast.ts';
import { classifySamples } from '../core/growth/samples.ts';
import type { Shape } from '../core/growth/shapes.ts';
import type { Sample } from '../core/model.ts';
import { formatCount, formatDuration, formatShare } from '../core/units.ts';
import type { Settings } from './settings.ts';

/** Why the guard holds an opinion. */
export const CAUSES = ['max-tasks', 'max-maps', 'budget', 'forecast', 'leash', 'foreign', 'refused', 'policy'] as const;
export type Cause = (typeof CAUSES)[number];

export interface Verdict {
  readonly level: 'ok' | 'warn' | 'trip';
  readonly cause?: Cause;
  /** The ceiling in danger, by label. */
  readonly ceiling?: string;
  /** The line that was reached or is near, and where the target stands, in the ceiling's unit. */
  readonly line?: number;
  readonly value?: number;
  /** One sentence for people. */
  readonly reason?: string;
  /** What the series of its tasks looks like; with a warning only. */
  readonly shape?: Shape;
}

/** A warning that also says what the target has been doing: a pool that fills and a leak reach the same line. */
export function withShape(verdict: Verdict, samples: readonly Sample[]): Verdict {
  const found = classifySamples(samples);
  if (found === undefined || verdict.level !== 'warn') return verdict;
  return { ...verdict, reason: `${verdict.reason ?? ''}; it ${found.sentence}`, shape: found.shape };
}

export interface Reading {
  readonly nowMs: number;
  readonly startedMs: number;
  readonly tasks: number;
  /** Most tasks ever held before this look. */
  readonly peakTasks: number;
  readonly maps: number | undefined;
  readonly budgets: readonly Budget[];
  /** What remained of each ceiling at the start, by `budgetKey`, in threads (or maps). */
  readonly baselineRemaining: ReadonlyMap<string, number>;
  readonly growth: Growth;
  /** Creations refused since the last look; `undefined` where the kernel does not count. */
  readonly refusedNow: number | undefined;
  /** Looks in a row in which the kernel refused something while the leash was below the budget. */
  readonly leashHits: number;
  /** The share of a line at which the guard must already act: 1 with a kernel cap, less without. */
  readonly tripShare: number;
}

/** A target that meets a leash in this many looks in a row outruns every honest start. */
export const LEASH_HITS_TO_TRIP = 10;

/** A forecast is believed only this near to the line: a rising edge of periodic load is not a leak. */
const FORECAST_FROM = 0.75;
const FORECAST_GAIN = 0.25;

const OK: Verdict = { level: 'ok' };

/** What one look says. Pure: the loop acts, and measures again before anything that cannot be undone. */
export function decideVerdict(settings: Settings, reading: Reading): Verdict {
  return (
    overMaxTasks(settings, reading) ??
    overMaxMaps(settings, reading) ??
    overBudget(reading) ??
    overLeash(reading) ??
    overForecast(settings, reading) ??
    nearLine(settings, reading) ??
    OK
  );
}

function overMaxTasks({ maxTasks }: Settings, reading: Reading): Verdict | undefined {
  if (maxTasks === undefined) return undefined;
  // Under a kernel cap a target may sit at its limit honestly; it trips when it asks for more.
  const asksForMore = reading.refusedNow === undefined || reading.refusedNow > 0;
  const line = Math.floor(maxTasks * reading.tripShare);
  const isOver = reading.tasks > line || (reading.tasks >= line && asksForMore);
  if (!isOver) return undefined;
  return trip(
    'max-tasks',
    '--max-tasks',
    maxTasks,
    reading.tasks,
    `${formatCount(reading.tasks)} tasks reach --max-tasks ${formatCount(maxTasks)}`,
  );
}

function overMaxMaps({ maxMaps }: Settings, { maps }: Reading): Verdict | undefined {
  if (maxMaps === undefined || maps === undefined || maps < maxMaps) return undefined;
  return trip(
    'max-maps',
    '--max-maps',
    maxMaps,
    maps,
    `${formatCount(maps)} maps reach --max-maps ${formatCount(maxMaps)}`,
  );
}

function overBudget(reading: Reading): Verdict | undefined {
  for (const budget of reading.budgets) {
    const isMaps = budget.ceiling.unit === 'maps';
    const value = isMaps ? reading.maps : reading.tasks;
    if (value === undefined) continue;
    const line = isMaps ? budget.allowed : Math.max(1, Math.floor(budget.allowed * reading.tripShare));
    if (value < line) continue;
    if (isForeign(budget, reading)) {
      return {
        level: 'warn',
        cause: 'foreign',
        ceiling: ceilingLabel(budget.ceiling),
        line: budget.allowed,
        value,
        reason: `${ceilingLabel(budget.ceiling)} is nearly used up, but not by this target, which holds ${formatCount(value)}`,
      };
    }
    const unit = isMaps ? 'maps' : 'tasks';
    return trip(
      'budget',
      ceilingLabel(budget.ceiling),
      budget.allowed,
      value,
      `${formatCount(value)} ${unit} reach the budget of ${formatCount(budget.allowed)} on ${ceilingLabel(budget.ceiling)}`,
    );
  }
  return undefined;
}

/**
 * Whether others took more of this ceiling since the start than the target did. Only a shared
 * ceiling whose reserve was reached can be foreign: a share the target holds itself is its own.
 */
function isForeign(budget: Budget, reading: Reading): boolean {
  if (budget.setBy !== 'reserve' || budget.ceiling.scope === 'process') return false;
  const before = reading.baselineRemaining.get(budgetKey(budget.ceiling));
  const now = budget.ceiling.additionalThreads;
  if (before === undefined || typeof now !== 'number') return false;
  const taken = before - now;
  return taken - reading.tasks > reading.tasks;
}

function overLeash(reading: Reading): Verdict | undefined {
  if (reading.leashHits < LEASH_HITS_TO_TRIP) return undefined;
  return trip(
    'leash',
    'the leash',
    reading.leashHits,
    reading.tasks,
    reading.refusedNow === undefined
      ? `${formatCount(reading.tasks)} tasks appeared in a storm and pressed against the leash`
      : `the leash refused new tasks in ${reading.leashHits} looks in a row, at ${formatCount(reading.tasks)} tasks`,
  );
}

function overForecast(settings: Settings, reading: Reading): Verdict | undefined {
  if (reading.nowMs - reading.startedMs < settings.startGraceMs) return undefined;
  const line = taskLine(settings, reading);
  if (line === undefined) return undefined;
  const isRecord = reading.tasks >= reading.peakTasks;
  const isReal = reading.growth.gained >= line.allowed * FORECAST_GAIN && reading.tasks >= line.allowed * FORECAST_FROM;
  if (!isRecord || !isReal) return undefined;
  const inMs = exhaustionMs(line.allowed - reading.tasks, reading.growth);
  if (inMs > settings.horizonMs) return undefined;
  return trip(
    'forecast',
    line.label,
    line.allowed,
    reading.tasks,
    `${formatCount(reading.tasks)} tasks, growing by ${formatCount(reading.growth.longPerSecond)}/s: ${line.label} is reached in ${formatDuration(inMs)}`,
  );
}

/** Warnings look thirty horizons ahead: five minutes with the default of ten seconds. */
const WARN_HORIZONS = 30;

function nearLine(settings: Settings, reading: Reading): Verdict | undefined {
  const line = taskLine(settings, reading);
  if (line !== undefined && reading.tasks >= line.allowed * settings.warnAt) {
    return {
      level: 'warn',
      cause: 'budget',
      ceiling: line.label,
      line: line.allowed,
      value: reading.tasks,
      reason: `${formatCount(reading.tasks)} tasks are ${formatShare(reading.tasks / line.allowed)} of ${line.label} (${formatCount(line.allowed)})`,
    };
  }
  const maps = reading.budgets.find((budget) => budget.ceiling.unit === 'maps');
  const mapsLine = Math.min(maps?.allowed ?? Number.POSITIVE_INFINITY, settings.maxMaps ?? Number.POSITIVE_INFINITY);
  if (reading.maps !== undefined && reading.maps >= mapsLine * settings.warnAt) {
    return {
      level: 'warn',
      cause: 'budget',
      ceiling: maps === undefined ? '--max-maps' : ceilingLabel(maps.ceiling),
      line: mapsLine,
      value: reading.maps,
      reason: `${formatCount(reading.maps)} maps are ${formatShare(reading.maps / mapsLine)} of the ${formatCount(mapsLine)} allowed`,
    };
  }
  if (line === undefined || reading.nowMs - reading.startedMs < settings.startGraceMs) return undefined;
  const isReal = reading.growth.gained >= Math.max(64, line.allowed * 0.05) && reading.tasks >= reading.peakTasks;
  const inMs = exhaustionMs(line.allowed - reading.tasks, reading.growth);
  if (!isReal || inMs > settings.horizonMs * WARN_HORIZONS) return undefined;
  return {
    level: 'warn',
    cause: 'forecast',
    ceiling: line.label,
    line: line.allowed,
    value: reading.tasks,
    reason: `growing by ${formatCount(reading.growth.longPerSecond)} tasks/s: ${line.label} (${formatCount(line.allowed)}) is reached in ${formatDuration(inMs)}`,
  };
}

function taskLine(settings: Settings, reading: Reading): { label: string; allowed: number } | undefined {
  const tightest = tightestTaskBudget(reading.budgets);
  if (settings.maxTasks !== undefined && settings.maxTasks <= (tightest?.allowed ?? Number.POSITIVE_INFINITY)) {
    return { label: '--max-tasks', allowed: settings.maxTasks };
  }
  if (tightest === undefined) return undefined;
  return { label: `the budget on ${ceilingLabel(tightest.ceiling)}`, allowed: tightest.allowed };
}

function trip(cause: Cause, ceiling: string, line: number, value: number, reason: string): Verdict {
  return { level: 'trip', cause, ceiling, line, value, reason };
}
