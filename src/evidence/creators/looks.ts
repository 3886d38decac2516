import { type CreationSample, creationPath } from '../../core/creators.ts';
import type { Frame } from '../../core/stack.ts';
import { limitsUntil } from '../elf/readLimits.ts';
import { busiestThreads, letRun } from './busyThreads.ts';
import { type CreatorSearch, NOT_SAMPLED, type Sampled } from './creatorSource.ts';
import type { OpenSampled, SampledProcess } from './sampledProcess.ts';

const MOST_LOOKS = 400;
/** Processor time that the threads must have had between two looks, or both would show one moment. */
const APART_NS = 100_000;
/**
 * How long the busiest thread is watched. A refused thread start of CPython takes 50 µs and a look at it 15, and programs
 * that try again do so within this time.
 */
const CATCH_MS = 5;
const LOOKS_AT_ONCE = 32;
const YIELD_MS = 0.1;

/**
 * Catches the threads that make threads in the act, in a process whose stacks can be read while it runs: CPython keeps
 * its frames in memory. Nothing is stopped.
 */
export function sampleByLooks(open: OpenSampled, pid: number, search: CreatorSearch): Sampled {
  const process = open(limitsUntil(search.endMs, search.now));
  if (process === undefined) return NOT_SAMPLED;
  const samples: CreationSample[] = [];
  try {
    const tids = busiestThreads(process, pid, search);
    for (let count = 0; count < MOST_LOOKS && search.now() < search.endMs; count += 1) {
      if (count > 0) letRun(process, tids, APART_NS, search);
      const untilMs = Math.min(search.endMs, search.now() + CATCH_MS);
      for (const [index, tid] of tids.entries()) {
        const frames = index === 0 ? watch(process, tid, untilMs, search) : steady(process.stackOf(tid));
        if (frames !== undefined) samples.push({ runtime: 'python', frames });
      }
    }
    return { ...NOT_SAMPLED, samples };
  } finally {
    process.close();
  }
}

/**
 * Watches one thread until it makes another. A thread that is refused sleeps nearly always, so a single look would miss
 * it. If it makes none, what it did last.
 */
function watch(
  process: SampledProcess,
  tid: number,
  untilMs: number,
  { now, wait }: CreatorSearch,
): readonly Frame[] | undefined {
  let last: readonly Frame[] | undefined;
  for (let looks = 1; now() < untilMs; looks += 1) {
    last = steady(process.stackOf(tid)) ?? last;
    if (last !== undefined && creationPath({ runtime: 'python', frames: last }) !== undefined) return last;
    // The thread may need the processor that watches it.
    if (looks % LOOKS_AT_ONCE === 0) wait(YIELD_MS);
  }
  return last;
}

function steady(stack: ReturnType<SampledProcess['stackOf']>): readonly Frame[] | undefined {
  return stack === 'running' ? undefined : stack;
}
