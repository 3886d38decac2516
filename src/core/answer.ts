import { additional, ceilingLabel, rankCeilings } from './ceiling.ts';
import type { Ceiling, Kind } from './model.ts';
import { formatCount } from './units.ts';

/** How many more threads, processes and maps a subject can make, and what stops it. */
export interface Answer {
  /** The ceiling that allows the fewest threads; `null` where no ceiling has a number, as below. */
  readonly binding: Ceiling | null;
  readonly additionalThreads: number | null;
  readonly additionalProcesses: number | null;
  readonly additionalMaps: number | null;
}

/** The answer to how many more there can be. */
export function answer(ceilings: readonly Ceiling[]): Answer {
  const least = (kind: Kind): number | null => {
    const first = rankCeilings(ceilings, kind)[0];
    return first === undefined ? null : Number(additional(first, kind));
  };
  return {
    binding: rankCeilings(ceilings)[0] ?? null,
    additionalThreads: least('threads'),
    additionalProcesses: least('processes'),
    additionalMaps: least('maps'),
  };
}

/** The same in words: what binds threads, processes and maps, and what comes next. */
export function answerLines(ceilings: readonly Ceiling[], subject: string): string[] {
  return (['threads', 'processes', 'maps'] as const).map((kind) => {
    const [first, next] = rankCeilings(ceilings, kind);
    if (first === undefined) return `nothing that can be read limits the ${kind} of ${subject}`;
    const verb = first.effect === 'kills' ? 'ends' : 'stops';
    const then =
      next === undefined ? '' : `; next is ${ceilingLabel(next)} after ${formatCount(Number(additional(next, kind)))}`;
    const about = first.confidence === 'estimated' ? 'about ' : '';
    return `${ceilingLabel(first)} ${verb} ${subject} after ${about}${formatCount(Number(additional(first, kind)))} more ${kind}${then}`;
  });
}

/** One limit to raise, and what binds afterwards. */
export interface Suggestion {
  readonly ceiling: Ceiling;
  /** New value of the limit, in its own unit, at which the next ceiling binds instead. */
  readonly raiseTo: number;
  readonly exposes: Ceiling;
}

/**
 * What to raise, in which order, until the next ceiling would kill instead of refuse. That ceiling is `stop`. Raising
 * every ceiling that refuses would only replace an errno, which programs survive, by the OOM killer.
 */
export function suggest(ceilings: readonly Ceiling[]): {
  readonly steps: readonly Suggestion[];
  readonly stop: Ceiling | undefined;
} {
  const ranked = rankCeilings(ceilings);
  const steps: Suggestion[] = [];
  for (const [index, ceiling] of ranked.entries()) {
    if (ceiling.effect === 'kills') return { steps, stop: ceiling };
    const exposes = ranked[index + 1];
    if (exposes === undefined || typeof ceiling.limit !== 'number' || typeof ceiling.remaining !== 'number') break;
    const own = Number(ceiling.additionalThreads);
    const more = Number(exposes.additionalThreads) - own;
    const perThread = own > 0 ? ceiling.remaining / own : 1;
    steps.push({ ceiling, raiseTo: Math.ceil(ceiling.limit + more * perThread), exposes });
  }
  return { steps, stop: undefined };
}
