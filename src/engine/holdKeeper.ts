import type { CapKeeper } from './capKeeper.ts';
import type { Observer } from './observer.ts';
import type { TrackParts } from './parts.ts';

/** Keeps what holds a target as it should be: the cap at the line, the reserve around the pen, everybody inside. */
export class HoldKeeper {
  readonly #parts: Pick<TrackParts, 'id' | 'report' | 'target'>;
  readonly #cap: CapKeeper;
  readonly #observer: Observer;
  #complaint: string | undefined;

  constructor(parts: Pick<TrackParts, 'id' | 'report' | 'target'>, cap: CapKeeper, observer: Observer) {
    this.#parts = parts;
    this.#cap = cap;
    this.#observer = observer;
  }

  /** Moves the cap and the limit of the pen with what is around the target. A refusal of the kernel is said once. */
  follow(tasks: number): void {
    this.#observer.keepReserve();
    if (this.#cap.follow(tasks, this.#observer.capLine)) {
      this.#complaint = undefined;
      return;
    }
    const { cap } = this.#cap;
    const problem = `the kernel refused to move the cap of ${this.#parts.id}; the cap of ${cap} tasks stays in force`;
    if (this.#complaint !== problem) this.#parts.report({ event: 'error', about: 'action', problem });
    this.#complaint = problem;
  }

  /** A target that runs as root may change its cap, and may leave its cgroup. */
  watch(nowMs: number): void {
    const moved = this.#cap.verify();
    const { cap } = this.#cap;
    if (moved !== undefined) this.#parts.report({ event: 'warn', about: 'cap', ...moved, cap });
    const escaped = this.#parts.target.escapes?.look(nowMs);
    if (escaped !== undefined) this.#parts.report({ event: 'warn', about: 'escape', ...escaped });
  }
}
