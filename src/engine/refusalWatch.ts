import { ceilingLabel } from '../core/ceiling.ts';
import type { Ceiling } from '../core/model.ts';
import { explainRefusal } from '../core/refusal.ts';
import type { RefusedBy, Reporter } from '../policy/event.ts';
import type { Cap } from '../targets/contracts.ts';

/** Tasks by which the count may be off that is read just after the refusals. */
const SLACK = { tasks: 3, maps: 3 };

/**
 * Names the ceiling when the kernel refuses the target something that the guard's own cap did not: a limit of an
 * ancestor, of the user or of the host was there first. By the same procedure as `explain`; each ceiling once.
 */
export class RefusalWatch {
  readonly #told = new Map<string, RefusedBy>();
  readonly #report: Reporter;

  constructor(report: Reporter) {
    this.#report = report;
  }

  get all(): readonly RefusedBy[] {
    return [...this.#told.values()];
  }

  /** Reports a ceiling that was not reported before; `refusedNow` is undefined where the kernel does not count. */
  look(ceilings: readonly Ceiling[], tasks: number, cap: Cap, refusedNow: number | undefined): void {
    // At the cap it was the cap.
    const isOwnCap = typeof cap === 'number' && tasks + SLACK.tasks >= cap;
    const count = isOwnCap ? 0 : (refusedNow ?? 0);
    if (count === 0 && !ceilings.some(isFull)) return;
    const explanation = explainRefusal({
      ceilings,
      slack: SLACK,
      pidsEvents: [{ path: 'the target’s own cgroup', count, isLocal: false }],
      hasPidsEvents: refusedNow !== undefined,
      oomKills: [],
      messages: [],
    });
    const { ceiling, evidence, verdict } = explanation;
    if (ceiling === undefined || verdict === 'none' || this.#told.has(ceilingLabel(ceiling))) return;
    this.#told.set(ceilingLabel(ceiling), {
      ceiling: ceiling.name,
      ...(ceiling.path === undefined ? {} : { path: ceiling.path }),
      verdict,
    });
    this.#report({ event: 'warn', about: 'refusal', ceiling, verdict, evidence, tasks });
  }
}

/** Nothing is left of it: whatever the target wants next is refused. What kills says so by itself. */
function isFull(ceiling: Ceiling): boolean {
  return ceiling.effect === 'refuses' && ceiling.remaining === 0;
}
