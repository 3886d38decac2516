import { ceilingLabel } from '../core/ceiling.ts';
import type { Ceiling } from '../core/model.ts';
import { type Explanation, explainRefusal } from '../core/refusal.ts';

/** A ceiling, not the guard's own cap, that refused something to the target. */
export interface RefusedBy {
  readonly ceiling: string;
  readonly path?: string;
  readonly verdict: 'proved' | 'inferred';
}

/** Tasks by which the count may be off that is read just after the refusals. */
const SLACK = { tasks: 3, maps: 3 };

/**
 * Names the ceiling when the kernel refuses the target something that the guard's own cap did not: a limit of an
 * ancestor, of the user or of the host was there first. By the same procedure as `explain`; each ceiling once.
 */
export class RefusalWatch {
  readonly #told = new Map<string, RefusedBy>();

  get all(): readonly RefusedBy[] {
    return [...this.#told.values()];
  }

  /** What is new since the last look, or `undefined`. */
  look(facts: {
    readonly ceilings: readonly Ceiling[];
    readonly tasks: number;
    readonly cap: number | 'max';
    readonly refusedNow: number | undefined;
  }): (Explanation & { readonly ceiling: Ceiling }) | undefined {
    const { cap, ceilings, refusedNow, tasks } = facts;
    // At the cap it was the cap.
    const isOwnCap = typeof cap === 'number' && tasks + SLACK.tasks >= cap;
    const count = isOwnCap ? 0 : (refusedNow ?? 0);
    if (count === 0 && !ceilings.some(isFull)) return undefined;
    const explanation = explainRefusal({
      ceilings,
      slack: SLACK,
      pidsEvents: [{ path: 'the target’s own cgroup', count, isLocal: false }],
      hasPidsEvents: refusedNow !== undefined,
      oomKills: [],
      messages: [],
    });
    const { ceiling, verdict } = explanation;
    if (ceiling === undefined || verdict === 'none' || this.#told.has(ceilingLabel(ceiling))) return undefined;
    this.#told.set(ceilingLabel(ceiling), {
      ceiling: ceiling.name,
      ...(ceiling.path === undefined ? {} : { path: ceiling.path }),
      verdict,
    });
    return { ...explanation, ceiling };
  }
}

/** Nothing is left of it: whatever the target wants next is refused. What kills says so by itself. */
function isFull(ceiling: Ceiling): boolean {
  return ceiling.effect === 'refuses' && ceiling.remaining === 0;
}
