import { LEASH_HITS_TO_TRIP } from '../policy/verdict.ts';

/** What one look says about refusals. */
export interface RefusalLook {
  /** All that the kernel has counted; `undefined` where it does not count. */
  readonly refused: number | undefined;
  readonly isClamped: boolean;
  /** Whether the cap that refuses is the leash, below the line at which the target trips. */
  readonly isLeash: boolean;
  /** A storm against a cap whose refusals nobody counts. */
  readonly isUncountedStorm: boolean;
  readonly tasks: number;
}

/** How often the target was refused tasks: since the last look, since the clamp, and look after look at the leash. */
export class RefusalCount {
  #total = 0;
  #atClamp = 0;
  #looksRefused = 0;
  #leashHits = 0;

  get sinceClamp(): number {
    return this.#total - this.#atClamp;
  }

  /** Looks since the clamp that found new refusals. */
  get looksRefused(): number {
    return this.#looksRefused;
  }

  /** Looks in a row at which the leash had refused it something. */
  get leashHits(): number {
    return this.#leashHits;
  }

  /** New ones, without taking them into account. */
  since(refused: number | undefined): number {
    return (refused ?? 0) - this.#total;
  }

  /** Takes a look into account; returns what is new, `undefined` where the kernel does not count. */
  look({ refused, isClamped, isLeash, isUncountedStorm, tasks }: RefusalLook): number | undefined {
    const now = refused === undefined ? undefined : refused - this.#total;
    this.#total = refused ?? 0;
    const isRefused = (now ?? 0) > 0;
    if (isClamped && isRefused) this.#looksRefused += 1;
    this.#leashHits = isRefused && isLeash && tasks > 0 ? this.#leashHits + 1 : 0;
    // Where nobody counts refusals there is no second chance: such a storm leaves the guard no processor.
    if (isUncountedStorm) this.#leashHits = LEASH_HITS_TO_TRIP;
    return now;
  }

  clamped(): void {
    this.#atClamp = this.#total;
    this.#looksRefused = 0;
  }
}
