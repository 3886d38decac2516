import type { Ceiling, Scope } from './model.ts';

/** What part of a ceiling the target may ever hold, and what must stay free for everybody else. */
export interface BudgetRule {
  /** Share of (what the target holds + what remains), per scope or per ceiling name. */
  readonly shares: Readonly<Record<string, number>>;
  /** Kept free on every shared ceiling: a share of its limit (and at least so many), or a number of tasks. */
  readonly reserve: { readonly share: number; readonly atLeast?: number } | { readonly tasks: number };
}

/**
 * 15 % of what the host has free is what systemd gives every service by default (DefaultTasksMax,
 * systemd-system.conf(5)), so honest services are known to live in it. The limit of a cgroup was set for this target (its
 * service, its container), so all of it may be used but for the reserve. A user has other programs too. Maps belong to one
 * process alone: 97 % leaves the time to freeze it before it is refused one.
 */
export const DEFAULT_SHARES: Readonly<Record<Scope, number>> = {
  host: 0.15,
  'pid-namespace': 0.15,
  user: 0.5,
  cgroup: 1,
  process: 0.97,
};

/** The budget of one ceiling in its own unit of account: tasks (or maps for a map ceiling). */
export interface Budget {
  readonly ceiling: Ceiling;
  /** How many the target may hold in all. */
  readonly allowed: number;
  /** What set `allowed`: the share of the ceiling, or the reserve that must stay free. */
  readonly setBy: 'share' | 'reserve';
}

/** Tasks that are counted before the ceilings are read, and again after: in a burst hundreds come and go meanwhile. */
export interface Counted {
  readonly before: number;
  readonly after: number;
  /** Tasks that anybody made between the two counts: so many may have been there in between and be gone again. None where it is left out. */
  readonly created?: number;
}

/** The least and the most that there can have been at any moment between the two counts. */
export function boundsOf({ after, before, created = 0 }: Counted): { readonly least: number; readonly most: number } {
  return {
    least: Math.max(0, Math.min(before, after, after - created)),
    most: Math.max(before, after, before + created),
  };
}

/** What the target holds. */
export interface Held {
  readonly tasks: Counted;
  readonly maps: number;
}

/** What was worked out before, by the key of the ceiling. */
export interface Known {
  /** At the start: somebody else eating the host must not shrink the share of an honest target; only the reserve does. */
  readonly atStart?: ReadonlyMap<string, number>;
  /** At the last look. */
  readonly last?: ReadonlyMap<string, number>;
}

/**
 * Budgets of all ceilings that have a number. Where the tasks of the target changed while the ceilings were read, nobody can
 * tell which of them a ceiling had counted: an honest burst of 450 tasks was once taken for 49 tasks of others, and refused.
 * Then a budget moves no further from the last one than is certain.
 */
export function budgets(ceilings: readonly Ceiling[], held: Held, rule: BudgetRule, known: Known = {}): Budget[] {
  const { maps } = held;
  const tasks = boundsOf(held.tasks);
  const result: Budget[] = [];
  for (const ceiling of ceilings) {
    // Memory is not counted in tasks: threads need not be what uses it. Growth that would use it up is warned of.
    if (ceiling.effect === 'throttles' || ceiling.unit === 'bytes') continue;
    const remaining = ceiling.unit === 'maps' ? ceiling.remaining : ceiling.additionalThreads;
    if (typeof remaining !== 'number') continue;
    const key = budgetKey(ceiling);
    const of = (holds: number): Budget => budgetOf(ceiling, holds + remaining, rule, known.atStart?.get(key) ?? 0);
    const { least, most } = ceiling.unit === 'maps' ? { least: maps, most: maps } : tasks;
    const surely = of(least);
    result.push({ ...surely, allowed: within(surely.allowed, known.last?.get(key), of(most).allowed) });
  }
  return result;
}

function budgetOf(ceiling: Ceiling, reachable: number, rule: BudgetRule, atStart: number): Budget {
  const byShare = Math.max(Math.floor(reachable * shareOf(ceiling, rule)), atStart);
  const byReserve = Math.floor((reachable - reserveOf(ceiling, rule)) / unitsPerTask(ceiling));
  const allowed = Math.max(1, Math.min(byShare, byReserve));
  return { ceiling, allowed, setBy: byReserve < byShare ? 'reserve' : 'share' };
}

/** A number between two bounds, as near as can be to what it was; the lower bound where it was not known. */
export function within(least: number, last: number | undefined, most: number): number {
  return last === undefined ? least : Math.min(most, Math.max(least, last));
}

/** Identity of a ceiling over time: its name and the object it sits on. */
export function budgetKey(ceiling: Pick<Ceiling, 'name' | 'path'>): string {
  return `${ceiling.name} ${ceiling.path ?? ''}`;
}

/** The tightest budget in tasks, or `undefined` when no task ceiling has a number. */
export function tightestTaskBudget(list: readonly Budget[]): Budget | undefined {
  return list
    .filter((budget) => budget.ceiling.unit !== 'maps')
    .reduce<Budget | undefined>(
      (best, budget) => (best === undefined || budget.allowed < best.allowed ? budget : best),
      undefined,
    );
}

function shareOf(ceiling: Ceiling, rule: BudgetRule): number {
  return rule.shares[ceiling.name] ?? rule.shares[ceiling.scope] ?? DEFAULT_SHARES[ceiling.scope];
}

/**
 * Of pids a single task can hold three: its own, and those of its process group and its session, whose leaders
 * are dead (a daemon that forked twice holds two). Seen: 195 daemons under a cap of 196 took all 400 numbers.
 */
export function unitsPerTask(ceiling: Ceiling): number {
  return ceiling.name === 'kernel.pid_max' ? 3 : 1;
}

/** What must stay free of a ceiling for everybody else, in its own unit. */
export function reserveOf(ceiling: Ceiling, rule: BudgetRule): number {
  // A reserve is for the others who share the ceiling; the ceiling of a process has no others.
  if (ceiling.scope === 'process') return 0;
  if ('tasks' in rule.reserve) return rule.reserve.tasks;
  const limit = typeof ceiling.limit === 'number' ? ceiling.limit : 0;
  return Math.max(rule.reserve.atLeast ?? 0, Math.ceil(limit * rule.reserve.share));
}
