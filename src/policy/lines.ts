import { type Budget, budgetKey } from '../core/budget.ts';
import { ceilingLabel } from '../core/ceiling.ts';
import type { Growth } from '../core/forecast.ts';
import type { Ceiling } from '../core/model.ts';

/** What stands between the target and more tasks than its line. */
export type HeldBy =
  /** A cap of the guard's own, at the line; the kernel counts what it refuses there. */
  | 'cap'
  /** RLIMIT_NPROC: the kernel refuses, and counts nothing. */
  | 'rlimit'
  /** Nothing of the guard's, but a limit that somebody else set: the engine of a container, systemd. */
  | 'surroundings'
  | 'nothing';

/** What a look knows of refusals. */
export interface Refusals {
  /** Creations refused since the last look; `undefined` where the kernel does not count. */
  readonly now: number | undefined;
  /** Refused while the target stood at its line, and in how many looks; both begin anew when it has receded. */
  readonly atLine: number;
  readonly looksAtLine: number;
  /** Looks in a row with refusals at a leash that is below the line. */
  readonly leashLooks: number;
}

/** Everything that one look knows. */
export interface Reading {
  readonly nowMs: number;
  readonly startedMs: number;
  readonly tasks: number;
  /** Most tasks ever held before this look. */
  readonly peakTasks: number;
  readonly maps: number | undefined;
  readonly growth: Growth;
  readonly refusals: Refusals;
  readonly hold: { readonly by: HeldBy; readonly marginTasks: number };
  readonly limits: Limits;
  /** Ceilings on memory: they never make a line of tasks, but growth may use them up. */
  readonly memory: readonly Ceiling[];
}

/** What the lines are made of. */
export interface Limits {
  readonly maxTasks: number | undefined;
  readonly maxMaps: number | undefined;
  readonly budgets: readonly Budget[];
  /** Additional threads that each ceiling allowed at the start, by `budgetKey`. */
  readonly roomAtStart: ReadonlyMap<string, number>;
  /** The pen around the targets of all guards of the place; `undefined` where there is none, or it has no limit. */
  readonly pen?: PenReading | undefined;
  /** Maps that the process with the most of them makes in a second, as measured; 0 until two counts exist. */
  readonly mapsPerSecond: number;
}

export interface PenReading {
  readonly used: number;
  readonly limit: number;
  /** How many targets stand in it. */
  readonly sharers: number;
  /** For how long every look has found that somebody was refused there, or this target anywhere; `undefined`: nobody now. */
  readonly askedForMs: number | undefined;
}

/** A number of tasks or maps that the target may hold and not more. */
export interface Line {
  readonly cause: 'max-tasks' | 'max-maps' | 'budget';
  readonly ceiling: string;
  readonly unit: 'tasks' | 'maps';
  readonly at: number;
  readonly budget?: Budget;
}

/**
 * RLIMIT_NPROC is set from a count that is a moment old, and what it refuses nobody counts. So the line is so far below the
 * cap that a target which asks for more than the line is seen above it.
 */
const UNCOUNTED_TASKS = 64;
const UNCOUNTED_SHARE = 0.1;

/** No kernel limit caps maps below the ceiling: a process that makes this many seconds' worth may be frozen in time. */
const MAPS_AHEAD_S = 0.5;
/** But never below this share of the limit: an honest program may stand at 62,000 of 65,530. */
const LEAST_MAPS_SHARE = 0.85;

/** All lines, the tightest of each unit first. */
export function linesOf({ hold, limits }: Pick<Reading, 'hold' | 'limits'>): Line[] {
  const { budgets, maxMaps, maxTasks } = limits;
  const lines: Line[] = budgets.map((budget) => ({
    cause: 'budget',
    ceiling: ceilingLabel(budget.ceiling),
    unit: budget.ceiling.unit === 'maps' ? 'maps' : 'tasks',
    at: budget.ceiling.unit === 'maps' ? mapsLine(budget, limits.mapsPerSecond) : budget.allowed,
    budget,
  }));
  if (maxTasks !== undefined) lines.push({ cause: 'max-tasks', ceiling: '--max-tasks', unit: 'tasks', at: maxTasks });
  if (maxMaps !== undefined) lines.push({ cause: 'max-maps', ceiling: '--max-maps', unit: 'maps', at: maxMaps });
  return lines
    .map((line) => (line.unit === 'tasks' && hold.by === 'rlimit' ? { ...line, at: belowCap(line.at) } : line))
    .sort((a, b) => a.at - b.at);
}

/** The tightest line of a unit. */
export function lineOf(lines: readonly Line[], unit: Line['unit']): Line | undefined {
  return lines.find((line) => line.unit === unit);
}

function belowCap(at: number): number {
  return Math.max(1, at - Math.ceil(Math.min(UNCOUNTED_TASKS, at * UNCOUNTED_SHARE)));
}

function mapsLine({ allowed, ceiling }: Budget, perSecond: number): number {
  const limit = typeof ceiling.limit === 'number' ? ceiling.limit : allowed;
  const ahead = Math.floor(allowed - perSecond * MAPS_AHEAD_S);
  return Math.min(allowed, Math.max(ahead, Math.floor(limit * LEAST_MAPS_SHARE)));
}

/** More refusals than this at the line, or refusals in this many looks, are a target that goes on asking. */
const HANDFUL = 5;
const ASKING_LOOKS = 3;
/** A count that is a moment old: a target that stands this near to its line was refused at it. */
const NEAR_TASKS = 3;

/** Whether the target asks for more than the line. One that stands on it and is content does not. */
export function isAsking(line: Line, value: number, { hold, refusals }: Reading): boolean {
  if (line.unit === 'maps') return value >= line.at;
  switch (hold.by) {
    case 'cap': {
      const goesOn = refusals.atLine > HANDFUL || refusals.looksAtLine >= ASKING_LOOKS;
      // Above the line: it took its cap away, or it was let in by another way.
      return value > line.at + NEAR_TASKS || (value >= line.at - NEAR_TASKS && goesOn);
    }
    case 'surroundings':
    case 'rlimit':
      return value > line.at || (value >= line.at - NEAR_TASKS && refusals.atLine > HANDFUL);
    case 'nothing':
      // Nothing refuses here: what it makes until the guard can act counts as made. At rest that is nothing.
      return value + hold.marginTasks > line.at;
    default:
      return hold.by satisfies never;
  }
}

/** A target that gained less than this share of what was free is not the one that used it up. */
const INNOCENT_SHARE = 0.05;
const INNOCENT_TASKS = 16;

/**
 * Whether others used up this ceiling, and the target did not grow. Only a shared ceiling whose reserve was reached can be
 * foreign, and never for a target that grows itself: several that grow together would each say that it is the others.
 */
export function isForeign({ budget }: Line, { growth, limits, tasks }: Reading): boolean {
  if (budget === undefined || budget.setBy !== 'reserve' || budget.ceiling.scope === 'process') return false;
  const before = limits.roomAtStart.get(budgetKey(budget.ceiling));
  const now = budget.ceiling.additionalThreads;
  if (before === undefined || typeof now !== 'number') return false;
  const taken = before - now;
  const isGrowing = growth.gained >= Math.max(INNOCENT_TASKS, before * INNOCENT_SHARE);
  return !isGrowing && taken - tasks > tasks;
}

/** The sum of several budgets is too much for one place: the kernel holds it, in the pen around them. */
export interface PenState {
  readonly isFull: boolean;
  /** Whether it is this target that asks for too much. */
  readonly isGuilty: boolean;
}

/** By then whoever grew by a share of the pen is gone, with its grace. Who holds most of it and is still refused is the rest. */
const STILL_ASKED_MS = 60_000;

/**
 * A pen that is full is none of anybody's business until somebody is refused there: then the one that stands alone in it, or
 * grew by its share, is guilty. One that only holds most of it may be honest and refused because of another.
 */
export function penState({ growth, limits: { pen }, tasks }: Reading): PenState {
  const isFull = pen !== undefined && pen.used >= pen.limit - NEAR_TASKS && pen.askedForMs !== undefined;
  if (!isFull) return { isFull: false, isGuilty: false };
  const { askedForMs = 0, limit, sharers } = pen;
  const grew = growth.gained >= limit / (sharers + 1);
  return { isFull, isGuilty: sharers <= 1 || grew || (tasks >= limit / 2 && askedForMs >= STILL_ASKED_MS) };
}
