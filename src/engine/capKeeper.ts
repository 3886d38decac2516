import { reaches } from '../core/model.ts';
import type { Settings } from '../policy/settings.ts';
import type { Brake, Cap } from '../targets/contracts.ts';

type Limits = Pick<Settings, 'dryRun' | 'leash' | 'until'>;

/**
 * Keeps the cap of the kernel at the line of the target: whatever happens to the guard, the target cannot hold more.
 * Only where the operator gave a leash does the cap follow the target below its line.
 */
export class CapKeeper {
  #settings: Limits;
  readonly #brake: Brake;
  #cap: Cap = 'max';

  constructor(settings: Limits, brake: Brake) {
    this.#settings = settings;
    this.#brake = brake;
  }

  /** The cap in force; `max` where the guard sets none. */
  get cap(): Cap {
    return this.#cap;
  }

  /** Whether the cap is the leash of the operator, below the line. */
  isLeash(line: number | undefined): boolean {
    return typeof this.#cap === 'number' && this.#settings.leash !== undefined && this.#cap < (line ?? Infinity);
  }

  reload(settings: Limits): void {
    this.#settings = settings;
  }

  /** Works out the cap that the child will be born under, without setting it. */
  rehearse(line: number | undefined): Cap {
    this.#cap = this.#next(0, line);
    return this.#cap;
  }

  /**
   * Whether the kernel still shows this cap. A target that runs as root may write another; then it is put back at once, and
   * `moved` says what stood there.
   */
  verify(): { readonly moved: Cap } | undefined {
    const { dryRun, until } = this.#settings;
    if (!this.#brake.isHeld || dryRun || !reaches(until, 'clamp')) return undefined;
    const shown = this.#brake.capNow();
    if (shown === undefined || shown === this.#cap) return undefined;
    return this.#brake.setCap(this.#cap) ? { moved: shown } : undefined;
  }

  /** Moves the cap with the line. False when the kernel refused the new one; the old one then stays in force. */
  follow(tasks: number, line: number | undefined): boolean {
    if (!this.#brake.isHeld) return true;
    const cap = this.#next(tasks, line);
    if (cap === this.#cap) return true;
    if (!this.#brake.setCap(cap)) return false;
    this.#cap = cap;
    return true;
  }

  /** Growth stops at `tasks`, or at the cap when that is lower. Returns where; `undefined` when the kernel refused. */
  clamp(tasks: number): number | undefined {
    const at = this.#brake.isHeld && typeof this.#cap === 'number' ? Math.min(tasks, this.#cap) : tasks;
    if (!this.#brake.clamp(at)) return undefined;
    this.#cap = at;
    return at;
  }

  release(tasks: number, line: number | undefined): void {
    this.#cap = this.#next(tasks, line);
    this.#brake.release(this.#cap);
  }

  #next(tasks: number, line: number | undefined): Cap {
    const { dryRun, leash, until } = this.#settings;
    if (line === undefined || dryRun || !reaches(until, 'clamp')) return 'max';
    const most = Math.max(1, Math.floor(line));
    return leash === undefined ? most : Math.min(most, tasks + leash);
  }
}
