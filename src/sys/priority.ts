import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Libc } from './libc.ts';

export type Scheduling = 'realtime' | 'default';

/**
 * Puts the guard ahead of its target. Every thread must be real-time: with 1,500 spinning threads on
 * 2 cores, SCHED_FIFO on the main thread alone still slept up to 5 s, because V8's workers starved.
 * It needs CAP_SYS_NICE; where even nice is refused, the target's own session (autogroup) must do.
 */
export function raisePriority(libc: Libc | undefined): Scheduling {
  const threads = readdirSync('/proc/self/task').map(Number);
  if (libc !== undefined && threads.every((tid) => libc.setRealtime(tid))) return 'realtime';
  return 'default';
}

/** The next best: a better nice value for the main thread. Children forked after it would inherit it. */
export function lowerNiceness(): void {
  try {
    setPriority(-10);
  } catch {
    // No right to it (CAP_SYS_NICE): the target's own session has to do.
  }
}

/** Back to where a child may begin; needs no right. */
export function restoreNiceness(): void {
  setPriority(0);
}
