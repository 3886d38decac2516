/** When a command that has ended is started again. */
export type RestartMode = 'no' | 'on-failure' | 'on-trip' | 'always';

export const RESTART_MODES: readonly RestartMode[] = ['no', 'on-failure', 'on-trip', 'always'];

export interface RestartRule {
  readonly mode: RestartMode;
  /** The first delay is drawn from 0 to this; it doubles up to `mostDelayMs`. */
  readonly delayMs: number;
  readonly mostDelayMs: number;
  /** So many restarts of one kind within so long; one more is a permanent failure. */
  readonly most: { readonly count: number; readonly windowMs: number };
}

/** How a run of the command ended: by itself, badly, or because the guard stopped it. */
export type EndKind = 'success' | 'failure' | 'trip';

export interface RunEnd {
  readonly kind: EndKind;
  readonly uptimeMs: number;
  /** Wall clock: it is remembered over restarts of the guard. */
  readonly atMs: number;
  /** Whether it was calm when it ended: what still grew has not become stable. */
  readonly wasCalm: boolean;
}

/** What is remembered of earlier runs. Times are of the wall clock, oldest first. */
export interface RestartMemory {
  readonly crashes: readonly number[];
  readonly trips: readonly number[];
  /** Restarts in a row without a stable run between them, and the last delay. */
  readonly inARow: number;
  readonly lastDelayMs: number;
}

export const NO_MEMORY: RestartMemory = { crashes: [], trips: [], inARow: 0, lastDelayMs: 0 };

export type RestartDecision =
  | { readonly next: 'leave'; readonly memory: RestartMemory }
  | { readonly next: 'restart'; readonly delayMs: number; readonly memory: RestartMemory }
  | { readonly next: 'give-up'; readonly reason: string; readonly memory: RestartMemory };

/** A run is stable after a minute, or after ten times the delay before it: then the next failure is a first one. */
const STABLE_MS = 60_000;
const STABLE_DELAYS = 10;

/**
 * What follows the end of a run. The delay is exponential with full jitter (a random share of the whole step, so that many
 * services that failed together do not come back together). `random` is from 0 to 1.
 */
export function decideRestart(rule: RestartRule, before: RestartMemory, end: RunEnd, random: number): RestartDecision {
  const memory = remember(before, end, rule);
  if (!isWanted(rule.mode, end.kind)) return { next: 'leave', memory };
  const reason = whyNoMore(rule, memory);
  if (reason !== undefined) return { next: 'give-up', reason, memory };
  const isStable = end.wasCalm && end.uptimeMs >= Math.max(STABLE_MS, STABLE_DELAYS * before.lastDelayMs);
  const inARow = isStable ? 0 : memory.inARow;
  const step = Math.min(rule.mostDelayMs, rule.delayMs * 2 ** inARow);
  const delayMs = Math.round(step * random);
  return { next: 'restart', delayMs, memory: { ...memory, inARow: inARow + 1, lastDelayMs: delayMs } };
}

/** Why the command must not be started (again): one kind of end has used up what is allowed; `undefined` when it may. */
export function whyNoMore(
  { mode, most }: RestartRule,
  memory: Pick<RestartMemory, 'crashes' | 'trips'>,
): string | undefined {
  if (mode === 'no') return undefined;
  const minutes = most.windowMs / 60_000;
  const window = minutes >= 1 ? `${Number(minutes.toFixed(1))} min` : `${Math.round(most.windowMs / 1000)} s`;
  if (memory.trips.length > most.count) return `it was stopped ${memory.trips.length} times in ${window}`;
  if (memory.crashes.length > most.count) return `it failed ${memory.crashes.length} times in ${window}`;
  return undefined;
}

/** What of the memory still counts at this time. */
export function withinWindow(memory: RestartMemory, rule: RestartRule, nowMs: number): RestartMemory {
  const isRecent = (atMs: number): boolean => atMs > nowMs - rule.most.windowMs && atMs <= nowMs;
  return { ...memory, crashes: memory.crashes.filter(isRecent), trips: memory.trips.filter(isRecent) };
}

function remember(before: RestartMemory, { atMs, kind }: RunEnd, rule: RestartRule): RestartMemory {
  const memory = withinWindow(before, rule, atMs);
  // A success that is started again (`always`) counts as a crash would: a command that ends at once is not working.
  return kind === 'trip'
    ? { ...memory, trips: [...memory.trips, atMs] }
    : kind === 'failure' || rule.mode === 'always'
      ? { ...memory, crashes: [...memory.crashes, atMs] }
      : memory;
}

function isWanted(mode: RestartMode, kind: EndKind): boolean {
  switch (mode) {
    case 'no':
      return false;
    case 'on-trip':
      return kind === 'trip';
    case 'on-failure':
      return kind !== 'success';
    case 'always':
      return true;
    default:
      return mode satisfies never;
  }
}
