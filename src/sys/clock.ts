import { setTimeout as wait } from 'node:timers/promises';
import type { LoopClock } from '../core/pacedLoop.ts';

/** The only clock of the engine. A test has one of its own, in which a day takes less than a second. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls back at that time, or as soon as possible after it; returns what cancels it. */
  wakeAt(atMs: number, callback: () => void): () => void;
}

/** The clock of this machine, for the engine and for loops. A sleep that is stopped resolves; it never rejects. */
export const systemClock: Clock & LoopClock = {
  now: () => performance.now(),
  wakeAt: (atMs, callback) => {
    const timer = setTimeout(callback, Math.max(0, atMs - performance.now()));
    return () => clearTimeout(timer);
  },
  sleep: async (ms, stop) => {
    if (stop === undefined) return wait(ms);
    // The only reason to reject is the stop itself.
    await wait(ms, undefined, { signal: stop }).catch(() => {});
  },
};

/** Resolves after this many milliseconds of that clock. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.wakeAt(clock.now() + ms, resolve));
}
