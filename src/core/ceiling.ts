import { type CeilingKind, ceilingKind } from './ceilingTable.ts';
import type { Ceiling, CeilingClass, Effect, Kind, Limit, Scope, Unit } from './model.ts';

/** How many units of a ceiling one more of each kind takes; 0 means that it takes none. */
export interface UnitCost {
  readonly thread: number;
  readonly process: number;
  readonly map: number;
}

/** What a ceiling sits on. */
interface CeilingPlace {
  readonly scope: Scope;
  readonly path?: string;
}

/** How much of it there is. */
interface CeilingAmount {
  readonly unit: Unit;
  readonly used: number | 'unknown';
  readonly limit: Limit;
  /** Default: one task for a thread or a process, one map for a map. */
  readonly cost?: UnitCost;
  /** Units of the limit that can never be used (the kernel keeps pids below 300 for early boot). */
  readonly withheld?: number;
  /** True where `used` or `cost` is a model and not a count. */
  readonly isEstimate?: boolean;
}

/** What it means. */
interface CeilingMeaning {
  readonly exempt?: boolean;
  /** Default: it refuses. */
  readonly effect?: Effect;
  readonly note?: string | undefined;
  readonly source: string;
  readonly raise: string;
}

/** What a reader knows of a ceiling at one look. */
export interface CeilingFacts extends CeilingPlace, CeilingAmount, CeilingMeaning {}

const DEFAULT_COST: Readonly<Record<Unit, UnitCost>> = {
  tasks: { thread: 1, process: 1, map: 0 },
  maps: { thread: 2, process: 0, map: 1 },
  bytes: { thread: 0, process: 0, map: 0 },
};

/** The class of a name that is not in the table, and its place: after all others. */
const DEFAULT_CLASS: Readonly<Record<Unit, CeilingClass>> = { tasks: 'tasks', maps: 'maps', bytes: 'memory' };
const LAST = Number.MAX_SAFE_INTEGER;

/** A ceiling by its name. Class and place in the order of checks come from the table; see `ceilingOf`. */
export function makeCeiling({ name, ...facts }: CeilingFacts & { readonly name: string }): Ceiling {
  return ceilingOf(ceilingKind(name) ?? { name, class: DEFAULT_CLASS[facts.unit], order: LAST }, facts);
}

/**
 * A ceiling of a kind with its remainder worked out. `remaining` is never negative: a target above a limit (a cgroup may
 * be, after a migration) has 0 left.
 */
export function ceilingOf(kind: CeilingKind, facts: CeilingFacts): Ceiling {
  const { exempt = false, effect = 'refuses', limit, note, path, used } = facts;
  const cost = facts.cost ?? DEFAULT_COST[facts.unit];
  const remaining = exempt ? 'unlimited' : remainder(used, limit, facts.withheld ?? 0);
  // Field by field: a dozen of these are made at each look, and rest and spread took 4 µs each time.
  const ceiling: { -readonly [K in keyof Ceiling]: Ceiling[K] } = {
    name: kind.name,
    class: kind.class,
    order: kind.order,
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

/** The ceilings that can stop a target, the tightest first; of equal ones the one that the kernel checks first. */
export function rankCeilings(ceilings: readonly Ceiling[], kind: Kind = 'threads'): Ceiling[] {
  return ceilings
    .filter((ceiling) => ceiling.effect !== 'throttles' && typeof additional(ceiling, kind) === 'number')
    .sort((a, b) => Number(additional(a, kind)) - Number(additional(b, kind)) || a.order - b.order);
}

/** The ceiling that allows the fewest more of a kind, or `undefined` when none has a number. */
export function bindingCeiling(ceilings: readonly Ceiling[], kind: Kind = 'threads'): Ceiling | undefined {
  let binding: Ceiling | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const ceiling of ceilings) {
    const count = additional(ceiling, kind);
    if (ceiling.effect === 'throttles' || typeof count !== 'number') continue;
    if (count > fewest || (count === fewest && ceiling.order >= (binding?.order ?? LAST))) continue;
    fewest = count;
    binding = ceiling;
  }
  return binding;
}

/** A short name that tells two ceilings of one kind apart: `pids.max of /system.slice/a.service`. */
export function ceilingLabel(ceiling: Pick<Ceiling, 'name' | 'path'>): string {
  return ceiling.path === undefined ? ceiling.name : `${ceiling.name} of ${ceiling.path}`;
}

/** A ceiling as documents show it: class and order are what the program itself decides by. */
export function ceilingDocument(ceiling: Ceiling): Omit<Ceiling, 'class' | 'order'> {
  const { class: _class, order: _order, ...shown } = ceiling;
  return shown;
}
