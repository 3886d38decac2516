import type { Refusals } from '../policy/lines.ts';

/** What one look says about refusals. */
export interface RefusalLook {
  readonly nowMs: number;
  /** All that the kernel has counted; `undefined` where it does not count. */
  readonly refused: number | undefined;
  readonly tasks: number;
  /** Where the target trips, in tasks; `undefined` where nothing sets a line. */
  readonly line: number | undefined;
  /** Whether the cap in force is the leash of the operator, below the line. */
  readonly isLeash: boolean;
  readonly isClamped: boolean;
}

/** A target below this share of its line has receded: what was refused to it before is forgotten. */
const RECEDED_SHARE = 0.9;

/** How often the target was refused tasks: since the last look, at its line, since the clamp, and look after look at a leash. */
export class RefusalCount {
  #total = 0;
  #atClamp = 0;
  #looksSinceClamp = 0;
  #atLine = 0;
  #looksAtLine = 0;
  #leashLooks = 0;
  #lastMs: number | undefined;

  get sinceClamp(): number {
    return this.#total - this.#atClamp;
  }

  /** Looks since the clamp that found new refusals. */
  get looksSinceClamp(): number {
    return this.#looksSinceClamp;
  }

  /** When the last look was that found new ones; `undefined` when none did. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  /** New ones, without taking them into account. */
  since(refused: number | undefined): number {
    return (refused ?? 0) - this.#total;
  }

  /** Takes a look into account. */
  look({ isClamped, isLeash, line, nowMs, refused, tasks }: RefusalLook): Refusals {
    const now = refused === undefined ? undefined : this.since(refused);
    this.#total = refused ?? 0;
    const isRefused = (now ?? 0) > 0;
    if (isRefused) this.#lastMs = nowMs;
    if (isClamped && isRefused) this.#looksSinceClamp += 1;
    this.#leashLooks = isRefused && isLeash && tasks > 0 ? this.#leashLooks + 1 : 0;
    if (line !== undefined && tasks < line * RECEDED_SHARE) {
      this.#atLine = 0;
      this.#looksAtLine = 0;
    } else if (isRefused && !isLeash) {
      this.#atLine += now ?? 0;
      this.#looksAtLine += 1;
    }
    return { now, atLine: this.#atLine, looksAtLine: this.#looksAtLine, leashLooks: this.#leashLooks };
  }

  clamped(): void {
    this.#atClamp = this.#total;
    this.#looksSinceClamp = 0;
  }
}
