import { type LoopClock, pacedLoop } from '../core/pacedLoop.ts';

/** Whether everybody else could make processes while the bomb was at work. */
export interface HostForks {
  readonly tried: number;
  readonly failed: number;
  /** The longest time between two that worked, from the start to the end of the watch. */
  readonly longestGapMs: number;
}

const EVERY_MS = 50;

/** Forks outside of what holds the bomb, twenty times a second, until it is stopped. `fork` says whether it worked. */
export async function watchHost(fork: () => Promise<boolean>, clock: LoopClock, stop: AbortSignal): Promise<HostForks> {
  let tried = 0;
  let failed = 0;
  let longestGapMs = 0;
  let goodMs = clock.now();
  await pacedLoop(
    { everyMs: EVERY_MS },
    clock,
    async () => {
      const isGood = await fork();
      tried += 1;
      longestGapMs = Math.max(longestGapMs, clock.now() - goodMs);
      if (isGood) goodMs = clock.now();
      else failed += 1;
      return true;
    },
    stop,
  );
  return { tried, failed, longestGapMs: Math.round(longestGapMs) };
}
