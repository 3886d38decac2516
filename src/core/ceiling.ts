import type { Ceiling, Limit, Scope, Unit } from './model.ts';

interface CeilingFacts {
  readonly name: string;
  readonly scope: Scope;
  readonly path?: string;
  readonly unit: Unit;
  readonly used: number | 'unknown';
  readonly limit: Limit;
  /** Units that one more thread costs; 0 means that threads cost nothing here. Default 1. */
  readonly perThread?: number;
  /** Units of the limit that can never be used (the kernel keeps pids below 300 for early boot). */
  readonly withheld?: number;
  readonly exempt?: boolean;
  readonly source: string;
  readonly raise: string;
}

/**
 * A ceiling with its remainder worked out. `remaining` is never negative: a target that is over a
 * limit (a cgroup may be, after a migration) has 0 left.
 */
export function makeCeiling(facts: CeilingFacts): Ceiling {
  const { perThread = 1, withheld = 0, exempt = false, path, ...rest } = facts;
  const remaining = exempt ? 'unlimited' : remainder(facts.used, facts.limit, withheld);
  return {
    ...rest,
    ...(path === undefined ? {} : { path }),
    remaining,
    additionalThreads: threads(remaining, perThread),
    exempt,
  };
}

function remainder(used: number | 'unknown', limit: Limit, withheld: number): Limit {
  if (limit === 'unlimited') return 'unlimited';
  if (limit === 'unknown' || used === 'unknown') return 'unknown';
  return Math.max(0, limit - withheld - used);
}

function threads(remaining: Limit, perThread: number): Limit {
  if (typeof remaining !== 'number') return remaining;
  return perThread > 0 ? Math.floor(remaining / perThread) : 'unlimited';
}

/**
 * The ceiling that allows the fewest additional threads, or `undefined` when none has a number.
 * On a tie the earlier in the list wins: callers list ceilings in the order in which the kernel
 * checks them (memory, RLIMIT_NPROC, threads-max, pid_max, pids.max: kernel/fork.c, copy_process).
 */
export function bindingCeiling(ceilings: readonly Ceiling[]): Ceiling | undefined {
  let binding: Ceiling | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const ceiling of ceilings) {
    if (typeof ceiling.additionalThreads === 'number' && ceiling.additionalThreads < fewest) {
      fewest = ceiling.additionalThreads;
      binding = ceiling;
    }
  }
  return binding;
}

/** A short name that tells two ceilings of one kind apart: `pids.max of /system.slice/a.service`. */
export function ceilingLabel(ceiling: Pick<Ceiling, 'name' | 'path'>): string {
  return ceiling.path === undefined ? ceiling.name : `${ceiling.name} of ${ceiling.path}`;
}
