import { availableParallelism } from 'node:os';
import { parseLoadavg } from '../procfs/loadavg.ts';
import { readShort, readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { listThreads } from '../procfs/task.ts';
import { type Pause, pauseBySignal } from './pauseTarget.ts';

/** With so many that want each processor, one that was preempted waits 25 ms and more for its next turn. */
const CROWD_PER_PROCESSOR = 8;
/** A process with more threads is in other work than making maps, nearly always: it is read as it runs. */
const FEW_THREADS = 8;
/** So many show what all of them do. */
const MOST_STILL = 32;
/** Nobody who talks to them waits longer. What was not read by then is left out. */
const MOST_STILL_MS = 200;
const SETTLE_MS = 100;
const LOOK_EVERY_MS = 1;

/** More than the processors can serve want to run. */
export function isCrowded(root: KernelRoot): boolean {
  const running = parseLoadavg(readText(root.proc('loadavg')) ?? '')?.running ?? 0;
  return running >= CROWD_PER_PROCESSOR * availableParallelism();
}

/** Runnable, or asleep in the kernel where no signal reaches it. */
function isBusy(root: KernelRoot, pid: number, tid: number): boolean {
  const text = readShort(root.proc(pid, 'task', tid, 'stat')) ?? '';
  const state = text[text.lastIndexOf(')') + 2];
  return state === 'R' || state === 'D';
}

/**
 * Whether a read of the maps or the memory of a process may wait for long: fork(2) and exec(2) hold the lock of the address
 * space, and in a crowd one that was preempted with it comes back late. Beside three other fork bombs the guard slept in
 * such a read for 14 s (state D, lock_next_vma), in spite of its real-time priority.
 */
export function mayHoldLock(root: KernelRoot, pid: number): boolean {
  const tids = listThreads(root, pid);
  return tids.length <= FEW_THREADS && isCrowded(root) && tids.some((tid) => isBusy(root, pid, tid));
}

/** Processes that were stopped so that they can be read. */
export interface Settled {
  /** Lets them go on, once they stood still for as long as they may. */
  tick(): void;
  /** Lets them go on. Returns how long they stood still, in milliseconds. */
  end(): number;
}

/**
 * Stops some of these processes and waits until they have come to where they hold no lock, where that is in doubt; the most
 * important come first in the list. What is stopped has ended the call that it was in.
 */
export function settle(
  root: KernelRoot,
  pids: readonly number[],
  parts: {
    readonly now: () => number;
    readonly pause: Pause | undefined;
    readonly stop?: (pid: number) => (() => void) | undefined;
    readonly wait: (ms: number) => void;
  },
): Settled {
  const { now, pause, stop = pauseBySignal, wait } = parts;
  const some = pids.slice(0, MOST_STILL);
  if (pause === undefined || !some.some((pid) => mayHoldLock(root, pid))) return { tick: () => {}, end: () => 0 };
  const startMs = now();
  const whole = pause(some[0] as number, 'whole');
  const resumes = whole === undefined ? some.map((pid) => stop(pid)) : [whole];
  while (now() - startMs < SETTLE_MS && some.some((pid) => mayHoldLock(root, pid))) wait(LOOK_EVERY_MS);
  let stoodMs: number | undefined;
  const end = (): number => {
    if (stoodMs === undefined) {
      for (const resume of resumes) resume?.();
      stoodMs = now() - startMs;
    }
    return stoodMs;
  };
  return { tick: () => void (now() - startMs >= MOST_STILL_MS && end()), end };
}
