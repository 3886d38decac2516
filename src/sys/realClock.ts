import { setTimeout as wait } from 'node:timers/promises';
import type { LoopClock } from '../core/pacedLoop.ts';

/** The clock of this machine. A sleep that is stopped resolves; it never rejects. */
export const REAL_CLOCK: LoopClock = {
  now: () => performance.now(),
  sleep: async (ms, stop) => {
    if (stop === undefined) return wait(ms);
    // The only reason to reject is the stop itself.
    await wait(ms, undefined, { signal: stop }).catch(() => {});
  },
};
