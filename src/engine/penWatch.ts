import type { Counted } from '../core/budget.ts';
import type { Ceiling, Sample } from '../core/model.ts';
import { penTasks } from '../core/pen.ts';
import type { PenReading } from '../policy/lines.ts';
import type { Settings } from '../policy/settings.ts';
import type { Target } from '../targets/contracts.ts';

/** The pen around the targets of all guards of the place, as one of them sees it. */
export class PenWatch {
  readonly #pen: Target['pen'];
  /** Tasks in it just before the ceilings were read, and just after. */
  #counted: Counted = { before: 0, after: 0 };
  #refused = Number.POSITIVE_INFINITY;
  #askedMs: number | undefined;

  constructor(pen: Target['pen']) {
    this.#pen = pen;
  }

  /** Tasks inside now; none where there is no pen. */
  tasks(): number {
    return this.#pen?.read()?.used ?? 0;
  }

  /** What was counted around a look at the ceilings: its limit is moved by that. */
  counted(counted: Counted): void {
    this.#counted = counted;
  }

  /** `refusedNow`: what this target was refused since its last look, wherever that was. */
  read({ timeMs }: Sample, refusedNow: number): PenReading | undefined {
    const numbers = this.#pen?.read();
    if (this.#pen === undefined || numbers === undefined) return undefined;
    const isAsked = numbers.refused > this.#refused || refusedNow > 0;
    this.#refused = numbers.refused;
    this.#askedMs = isAsked ? (this.#askedMs ?? timeMs) : undefined;
    const askedForMs = this.#askedMs === undefined ? undefined : timeMs - this.#askedMs;
    return { used: numbers.used, limit: numbers.limit, sharers: this.#pen.sharers(), askedForMs };
  }

  /** Moves its limit with what is around it. */
  keepReserve(ceilings: readonly Ceiling[], reserve: Settings['budget']['reserve']): void {
    const counted = { ...this.#counted, limit: this.#pen?.read()?.limit };
    const tasks = penTasks(ceilings, counted, reserve, () => false);
    if (tasks !== undefined) this.#pen?.setLimit(tasks);
  }
}
