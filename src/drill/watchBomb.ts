import { type LoopClock, pacedLoop } from '../core/pacedLoop.ts';

/** What was seen of the bomb from outside. Counted by the drill itself: the guard is what is on trial. */
export interface BombSighting {
  readonly peakTasks: number;
  /** When it was first seen gone after it was there: `wall` time. `undefined` while something of it lives. */
  readonly emptyAtMs: number | undefined;
  readonly leftTasks: number;
}

interface WatchParts {
  /** Tasks of the bomb now; `undefined` before it has said who it is. */
  readonly count: () => number | undefined;
  /** Whether the guard has ended: then nobody will do any more. */
  readonly isOver: () => boolean;
  readonly clock: LoopClock;
  /** Wall clock, milliseconds since 1970. */
  readonly wall: () => number;
  readonly forMs: number;
  readonly stop: AbortSignal;
}

const EVERY_MS = 20;
/** Of the processor: a count of thousands of processes takes as long as they need to start. */
const DUTY = 0.25;

/** Counts the bomb until the guard has ended, but not longer than `forMs`. */
export async function watchBomb({ clock, count, forMs, isOver, stop, wall }: WatchParts): Promise<BombSighting> {
  let peakTasks = 0;
  let leftTasks = 0;
  let emptyAtMs: number | undefined;
  await pacedLoop(
    { everyMs: EVERY_MS, forMs, duty: DUTY },
    clock,
    () => {
      const wasOver = isOver();
      leftTasks = count() ?? 0;
      peakTasks = Math.max(peakTasks, leftTasks);
      if (leftTasks > 0) emptyAtMs = undefined;
      else if (peakTasks > 0) emptyAtMs ??= wall();
      return !wasOver;
    },
    stop,
  );
  return { peakTasks, emptyAtMs, leftTasks };
}
