/**
 * Stops the target, and waits until the whole of it stands still or leaves off when that has begun; gives back what
 * lets it go on. `undefined` where it could not be stopped.
 */
export type Pause = (pid: number, until: 'whole' | 'begun') => (() => void) | undefined;

/** Threads between two looks at the clock. */
const EVERY = 128;
/** A parked process gives a thread's stack in 50 µs; one that makes maps in a loop keeps the lock that reading needs. */
const MOST_MS = EVERY * 0.1;
/** Then it goes on as it can: whoever talks to the target waits that long at most. */
const MOST_STILL_MS = 150;

/**
 * Stops a target that is in the way of its own reading: a clamped spawner that tries on and on takes the lock of its
 * address space so often that a fifth of its stacks could be read. Used only when that is seen.
 */
export class Stillness {
  readonly #pause: Pause | undefined;
  readonly #now: () => number;
  #resume: (() => void) | undefined;
  #startedMs = 0;
  #count = 0;
  #sinceMs: number;
  #stoppedMs = 0;

  constructor(pause: Pause | undefined, now: () => number) {
    this.#pause = pause;
    this.#now = now;
    this.#sinceMs = now();
  }

  /** How long the target stood still so far. */
  get stoppedMs(): number {
    return this.#stoppedMs;
  }

  /** After each thread of a process. The first ones are slow for other reasons: files are opened, code is cold. */
  tick(pid: number): void {
    this.#count += 1;
    if (this.#count % EVERY !== 0) return;
    const nowMs = this.#now();
    const isSlow = nowMs - this.#sinceMs > MOST_MS && this.#count > EVERY;
    this.#sinceMs = nowMs;
    if (this.#resume !== undefined) {
      if (nowMs - this.#startedMs > MOST_STILL_MS) this.end();
      return;
    }
    if (!isSlow || this.#stoppedMs > 0) return;
    this.#startedMs = nowMs;
    this.#resume = this.#pause?.(pid, 'whole');
  }

  end(): void {
    if (this.#resume === undefined) return;
    this.#resume();
    this.#resume = undefined;
    this.#stoppedMs += this.#now() - this.#startedMs;
  }
}
