import type { Ceiling, Effect, Kind, Limit, Scope, Unit } from './model.ts';

/** Units of a ceiling that one more of each kind takes; 0 means that it takes none. */
export interface UnitCost {
  readonly thread: number;
  readonly process: number;
  readonly map: number;
}

interface CeilingFacts {
  readonly name: string;
  readonly scope: Scope;
  readonly path?: string;
  readonly unit: Unit;
  readonly used: number | 'unknown';
  readonly limit: Limit;
  /** Default: one task for a thread or a process, one map for a map. */
  readonly cost?: UnitCost;
  /** Units of the limit that can never be used (the kernel keeps pids below 300 for early boot). */
  readonly withheld?: number;
  readonly exempt?: boolean;
  readonly effect?: Effect;
  /** True where `used` or `cost` is a model and not a count. */
  readonly isEstimate?: boolean;
  readonly note?: string | undefined;
  readonly source: string;
  readonly raise: string;
}

const DEFAULT_COST: Readonly<Record<Unit, UnitCost>> = {
  tasks: { thread: 1, process: 1, map: 0 },
  maps: { thread: 2, process: 0, map: 1 },
  bytes: { thread: 0, process: 0, map: 0 },
};

/**
 * A ceiling with its remainder worked out. `remaining` is never negative: a target that is over a
 * limit (a cgroup may be, after a migration) has 0 left.
 */
export function makeCeiling(facts: CeilingFacts): Ceiling {
  const { exempt = false, effect = 'refuses', limit, note, path, used } = facts;
  const cost = facts.cost ?? DEFAULT_COST[facts.unit];
  const remaining = exempt ? 'unlimited' : remainder(used, limit, facts.withheld ?? 0);
  // Field by field: this is made a dozen times a look, and rest and spread took 4 µs each time.
  const ceiling: { -readonly [K in keyof Ceiling]: Ceiling[K] } = {
    name: facts.name,
    scope: facts.scope,
    unit: facts.unit,
    used,
    limit,
    remaining,
    additionalThreads: share(remaining, cost.thread),
    additionalProcesses: share(remaining, cost.process),
    additionalMaps: share(remaining, cost.map),
    exempt,
    effect,
    confidence:
      remaining === 'unknown' ? 'unknown' : facts.isEstimate && remaining !== 'unlimited' ? 'estimated' : 'exact',
    source: facts.source,
    raise: facts.raise,
  };
  if (path !== undefined) ceiling.path = path;
  if (note !== undefined) ceiling.note = note;
  return ceiling;
}

function remainder(used: number | 'unknown', limit: Limit, withheld: number): Limit {
  if (limit === 'unlimited') return 'unlimited';
  if (limit === 'unknown' || used === 'unknown') return 'unknown';
  return Math.max(0, limit - withheld - used);
}

function share(remaining: Limit, cost: number): Limit {
  if (typeof remaining !== 'number') return remaining;
  return cost > 0 ? Math.floor(remaining / cost) : 'unlimited';
}

/** How many more of a kind a ceiling allows. */
export function additional(ceiling: Ceiling, kind: Kind): Limit {
  if (kind === 'threads') return ceiling.additionalThreads;
  return kind === 'processes' ? ceiling.additionalProcesses : ceiling.additionalMaps;
}

/**
 * The ceilings that can stop a target, the tightest first. On a tie the earlier in the list wins:
 * callers list ceilings in the order in which the kernel checks them (memory, RLIMIT_NPROC,
 * threads-max, pid_max, pids.max: kernel/fork.c, copy_process).
 */
export function rankCeilings(ceilings: readonly Ceiling[], kind: Kind = 'threads'): Ceiling[] {
  return ceilings
    .filter((ceiling) => ceiling.effect !== 'throttles' && typeof additional(ceiling, kind) === 'number')
    .sort((a, b) => Number(additional(a, kind)) - Number(additional(b, kind)));
}

/** The ceiling that allows the fewest more of a kind, or `undefined` when none has a number. */
export function bindingCeiling(ceilings: readonly Ceiling[], kind: Kind = 'threads'): Ceiling | undefined {
  let binding: Ceiling | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const ceiling of ceilings) {
    const count = additional(ceiling, kind);
    if (ceiling.effect !== 'throttles' && typeof count === 'number' && count < fewest) {
      fewest = count;
      binding = ceiling;
    }
  }
  return binding;
}

/** A short name that tells two ceilings of one kind apart: `pids.max of /system.slice/a.service`. */
export function ceilingLabel(ceiling: Pick<Ceiling, 'name' | 'path'>): string {
  return ceiling.path === undefined ? ceiling.name : `${ceiling.name} of ${ceiling.path}`;
}
