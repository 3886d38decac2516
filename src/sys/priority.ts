import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
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

/** The nice value of this process; a test has one of its own. */
export interface Niceness {
  get(): number;
  /** Throws where a lower value is refused. */
  set(nice: number): void;
}

const OWN: Niceness = { get: () => getPriority(), set: (nice) => setPriority(nice) };
const LOWER = -10;

/**
 * The next best: a better nice value for the main thread. Children forked after it would inherit it, so what is given back
 * puts the value from before in force again: whoever started the guard with `nice` meant its command. That needs no right.
 */
export function lowerNiceness(niceness: Niceness = OWN): () => void {
  const before = niceness.get();
  if (before <= LOWER) return () => {};
  try {
    niceness.set(LOWER);
    return () => niceness.set(before);
  } catch {
    // No right to it (CAP_SYS_NICE): the target's own session has to do.
    return () => {};
  }
}
