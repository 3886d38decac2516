import { type CreationSample, creationPath } from '../../core/creators.ts';
import { limitsUntil } from '../elf/readLimits.ts';
import { busiestThreads, letRun } from './busyThreads.ts';
import { type CreatorSearch, NOT_SAMPLED, type Sampled } from './creatorSource.ts';
import type { OpenSampled, SampledProcess } from './sampledProcess.ts';

const MOST_STOPS = 150;
/** If so many stops have caught nobody, nobody makes threads now, and the process need not stand still for more. */
const FRUITLESS = 8;
/**
 * Processor time that the threads must have had between two stops. After a stop of 4,500 threads on two processors it
 * took 20 ms until they got any.
 */
const APART_NS = 500_000;
/** A thread on another processor needs a moment to stop. */
const STANDSTILL_MS = 20;
const POLL_MS = 0.1;

/**
 * Catches the threads that make threads in the act: the process is stopped for a moment, again and again, and the stacks
 * of its busiest threads are read. It ends at `endMs`, after `stopMs` of standing still, after 150 stops, after 8 that
 * caught nobody, or when the process cannot be stopped.
 */
export function sampleByStops(open: OpenSampled, pid: number, search: CreatorSearch): Sampled {
  const process = search.stopMs > 0 ? open(limitsUntil(search.endMs, search.now)) : undefined;
  if (process === undefined) return NOT_SAMPLED;
  try {
    const tids = busiestThreads(process, pid, search);
    let sampled = NOT_SAMPLED;
    for (let count = 0; mayStop(count, sampled, search); count += 1) {
      if (count > 0) letRun(process, tids, APART_NS, search);
      if (search.now() + sampled.longestStopMs > search.endMs) break;
      const next = stopOnce(process, pid, tids, search);
      if (next === undefined) break;
      sampled = addStop(sampled, next);
    }
    return sampled;
  } finally {
    process.close();
  }
}

/** The next stop will be about as long as the longest so far. One that would go over a limit is not begun. */
function mayStop(count: number, { longestStopMs, samples, stoppedMs }: Sampled, search: CreatorSearch): boolean {
  if (count >= MOST_STOPS || search.now() >= search.endMs) return false;
  if (count >= FRUITLESS && !samples.some((sample) => creationPath(sample) !== undefined)) return false;
  return stoppedMs + longestStopMs <= search.stopMs;
}

/** One stop; `undefined` if the process could not be stopped. */
function stopOnce(
  process: SampledProcess,
  pid: number,
  tids: readonly number[],
  search: CreatorSearch,
): { readonly samples: readonly CreationSample[]; readonly tookMs: number } | undefined {
  const startMs = search.now();
  const resume = search.pause(pid, 'begun');
  if (resume === undefined) return undefined;
  const samples: CreationSample[] = [];
  try {
    for (const tid of tids) {
      const frames = standingStack(process, tid, startMs + STANDSTILL_MS, search);
      if (frames !== undefined) samples.push({ runtime: 'native', frames });
    }
  } finally {
    resume();
  }
  return { samples, tookMs: search.now() - startMs };
}

/** The stack of a thread as soon as it stands still; `undefined` if it does not until `untilMs`, or is gone. */
function standingStack(
  process: SampledProcess,
  tid: number,
  untilMs: number,
  { now, wait }: CreatorSearch,
): CreationSample['frames'] | undefined {
  let stack = process.stackOf(tid);
  while (stack === 'running' && now() < untilMs) {
    // A real-time guard that spins would keep its processor from a thread that has to run once more to stop.
    wait(POLL_MS);
    stack = process.stackOf(tid);
  }
  return stack === 'running' ? undefined : stack;
}

function addStop(
  sampled: Sampled,
  { samples, tookMs }: { readonly samples: readonly CreationSample[]; readonly tookMs: number },
): Sampled {
  return {
    samples: [...sampled.samples, ...samples],
    stops: sampled.stops + 1,
    stoppedMs: sampled.stoppedMs + tookMs,
    longestStopMs: Math.max(sampled.longestStopMs, tookMs),
  };
}
