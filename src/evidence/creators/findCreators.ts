import { type Creator, rankCreators } from '../../core/creators.ts';
import { formatCount } from '../../core/units.ts';
import { errnoOf } from '../../errors.ts';
import { pauseHere } from '../../sys/pause.ts';
import type { Dump } from '../dumpProcesses.ts';
import { GENERATED_CODE } from '../native/frameNames.ts';
import { type Pause, pauseBySignal } from '../pauseTarget.ts';
import { type CreatorSearch, type CreatorSource, NOT_SAMPLED, type Sampled } from './creatorSource.ts';

/** The target stands still for that long at most while it is sampled. */
const MOST_STOPPED_MS = 200;
/** In less time nobody would be caught. */
const LEAST_SAMPLING_MS = 20;

export interface FindOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly timeoutMs: number;
  /** Stops the whole target, where that can be done in one act. */
  readonly pause: Pause;
  readonly wait?: (ms: number) => void;
  /** Who makes them, as the kernel recorded it: then nobody has to be caught. */
  readonly recorded?: readonly Creator[];
  /** False: nothing of the target is ever stopped. Who makes its threads is then known only where that needs no stop. */
  readonly mayStop?: boolean;
}

export interface FoundCreators {
  readonly creators: readonly Creator[];
  /** What it cost the target, its stop for the dump included. */
  readonly cost: Sampled;
  /** What failed: sentences. */
  readonly notes: readonly string[];
}

/**
 * The code that makes the threads of a dumped target. What says it exactly is asked first, and then nothing is stopped.
 * Else the threads that make others are caught in the act: by stops in the process with the most threads, without stops
 * in any whose runtime can be read or asked while it runs.
 */
export function findCreators(dump: Dump, options: FindOptions): FoundCreators {
  const { recorded = [] } = options;
  if (isTold(recorded)) return { creators: recorded, cost: withStop(NOT_SAMPLED, dump.stoppedMs), notes: [] };
  const search = searchOf(dump, options);
  const notes: string[] = [];
  const counted = countCreators(dump, search, notes);
  if (counted.length > 0) return { creators: counted, cost: withStop(NOT_SAMPLED, dump.stoppedMs), notes };
  const sampled = sample(dump, search, notes);
  const where = sampled.stops > 0 ? `in ${formatCount(sampled.stops)} stops` : 'in stacks read one after another';
  const creators = rankCreators(
    [...sampled.samples, ...dump.stacks],
    (caught) => `caught making them ${caught === 1 ? 'once' : `${formatCount(caught)} times`} ${where}`,
  );
  return { creators, cost: withStop(sampled, dump.stoppedMs), notes };
}

/** Code that was made at run time, and that nobody can name: then whoever can be asked may know more. */
function isTold([first]: readonly Creator[]): boolean {
  return first !== undefined && first.frames[0]?.function !== GENERATED_CODE;
}

/** Only what is known exactly: the target is not asked again, and not stopped. */
export function knownCreators(dump: Dump, now: () => number): readonly Creator[] {
  return countCreators(dump, searchOf(dump, { now, timeoutMs: 0, pause: () => undefined }), []);
}

function searchOf(dump: Dump, { mayStop = true, now, pause, timeoutMs, wait = pauseHere }: FindOptions): CreatorSearch {
  return {
    now,
    wait,
    endMs: now() + timeoutMs,
    stopMs: mayStop ? Math.min(MOST_STOPPED_MS, timeoutMs) : 0,
    pause: (pid, until) => (mayStop ? (pause(pid, until) ?? pauseBySignal(pid)) : undefined),
    stacks: dump.stacks,
  };
}

function countCreators(dump: Dump, search: CreatorSearch, notes: string[]): readonly Creator[] {
  for (const { creators, pid } of dump.processes) {
    const stacks = search.stacks.filter((stack) => stack.pid === pid);
    for (const source of creators) {
      const counted = guarded(pid, notes, () => source.count?.({ ...search, stacks })) ?? [];
      if (counted.length > 0) return counted;
    }
  }
  return [];
}

/** Of each process the first source that samples is used. Only the largest process may be stopped. */
function sample(dump: Dump, search: CreatorSearch, notes: string[]): Sampled {
  let sampled = NOT_SAMPLED;
  for (const [index, { creators, pid }] of dump.processes.entries()) {
    if (search.endMs - search.now() < LEAST_SAMPLING_MS) break;
    const source = creators.find((one: CreatorSource) => one.sample !== undefined);
    const stopMs = index === 0 ? search.stopMs : 0;
    sampled = add(sampled, guarded(pid, notes, () => source?.sample?.({ ...search, stopMs })) ?? NOT_SAMPLED);
  }
  return sampled;
}

/** One source that fails must not cost the evidence of the others. */
function guarded<T>(pid: number, notes: string[], ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    notes.push(`the search for who makes the threads of process ${pid} failed: ${errnoOf(error)}`);
    return undefined;
  }
}

function add(one: Sampled, other: Sampled): Sampled {
  return {
    samples: [...one.samples, ...other.samples],
    stops: one.stops + other.stops,
    stoppedMs: one.stoppedMs + other.stoppedMs,
    longestStopMs: Math.max(one.longestStopMs, other.longestStopMs),
  };
}

function withStop(sampled: Sampled, stoppedMs: number): Sampled {
  return stoppedMs === 0 ? sampled : add(sampled, { samples: [], stops: 1, stoppedMs, longestStopMs: stoppedMs });
}
