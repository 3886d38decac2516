/** The only clock of the engine. A test has one of its own, in which a day takes less than a second. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls back at that time, or as soon as possible after it; returns what cancels it. */
  wakeAt(atMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wakeAt: (atMs, callback) => {
    const timer = setTimeout(callback, Math.max(0, atMs - performance.now()));
    return () => clearTimeout(timer);
  },
};

/** Resolves after this many milliseconds of that clock. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.wakeAt(clock.now() + ms, resolve));
}
