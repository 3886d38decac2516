import type { Pause } from './pauseTarget.ts';

/** Threads between two looks at the clock. */
const EVERY = 128;
/** A parked process gives a thread's stack in 50 µs. One that makes maps in a loop holds the lock that reading needs. */
const SLOW_MS = EVERY * 0.1;
/** The target stands still for that long at most: nobody who talks to it waits longer. Then it is read as it runs. */
const MOST_STILL_MS = 150;

/**
 * Stops a target that is in the way of its own reading. A clamped program that tries to make threads on and on takes the
 * lock of its address space so often that only a fifth of its stacks could be read. It is stopped once, and only when
 * reading is seen to be slow.
 */
export class Stillness {
  readonly #pause: Pause | undefined;
  readonly #now: () => number;
  #resume: (() => void) | undefined;
  #startedMs = 0;
  #count = 0;
  #sinceMs: number;
  #stoppedMs = 0;

  /** Without `pause` it never stops anything. */
  constructor(pause: Pause | undefined, now: () => number) {
    this.#pause = pause;
    this.#now = now;
    this.#sinceMs = now();
  }

  /** How long the target stood still so far. */
  get stoppedMs(): number {
    return this.#stoppedMs;
  }

  /** After each thread of a process. */
  tick(pid: number): void {
    this.#count += 1;
    if (this.#count % EVERY !== 0) return;
    const nowMs = this.#now();
    // The first threads are slow for other reasons: files are opened, and the code is cold.
    const isSlow = nowMs - this.#sinceMs > SLOW_MS && this.#count > EVERY;
    this.#sinceMs = nowMs;
    if (this.#resume !== undefined) {
      if (nowMs - this.#startedMs > MOST_STILL_MS) this.end();
      return;
    }
    if (!isSlow || this.#stoppedMs > 0) return;
    this.#startedMs = nowMs;
    this.#resume = this.#pause?.(pid, 'whole');
  }

  /** Lets the target go on, if it is stopped. */
  end(): void {
    if (this.#resume === undefined) return;
    this.#resume();
    this.#resume = undefined;
    this.#stoppedMs += this.#now() - this.#startedMs;
  }
}
