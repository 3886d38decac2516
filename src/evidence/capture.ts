import type { Creator } from '../core/creators.ts';
import type { Baseline } from '../core/groupGrowth.ts';
import type { Findings } from '../core/incidentDocument.ts';
import { groupStacks } from '../core/stackGroups.ts';
import type { KernelRoot } from '../procfs/root.ts';
import type { Libc } from '../sys/libc.ts';
import { findCreators } from './creators/findCreators.ts';
import type { RawFile } from './dumpers/dumper.ts';
import { dumpProcesses } from './dumpProcesses.ts';
import type { ThreadStartRecording } from './jfr/threadStartRecording.ts';
import type { Pause } from './pauseTarget.ts';

/** The share of the time that is spent on who makes the threads. The rest is for where all of them are. */
const SAMPLING_SHARE = 0.4;
/** The share that is kept for grouping and writing: 18 ms of 500 with the stacks of 4,000 threads. */
const WRITING_SHARE = 0.05;

export interface CaptureParts {
  readonly root: KernelRoot;
  readonly libc: Libc | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Stops the whole target, where that can be done in one act. */
  readonly pause: Pause;
  /** Thread starts, if a JVM was told to record them. */
  readonly recording: ThreadStartRecording | undefined;
  /** The kernel's record of who made each task; absent where it may not be had. */
  readonly creations?: { creators(tasks?: readonly number[]): readonly Creator[] } | undefined;
  /** The file where the standard output of a JVM ends. */
  readonly jvmOutput: string | undefined;
}

export interface Capture extends Findings {
  /** What runtimes printed themselves. */
  readonly files: readonly RawFile[];
}

export interface CaptureLimits {
  readonly timeoutMs: number;
  /** Whether the target may be stopped and sent signals. One that has not tripped may not. */
  readonly mayStop: boolean;
}

/** The picture of a target: where its threads are, what grew since the baseline, and who makes them. */
export function capture(
  parts: CaptureParts,
  pids: readonly number[],
  baseline: Baseline | undefined,
  { mayStop, timeoutMs }: CaptureLimits,
): Capture {
  const { creations, jvmOutput, libc, now, pause, recording, root } = parts;
  const startMs = now();
  // Where they are comes first: after a stop thousands of threads are on their way back to where they were.
  const dump = dumpProcesses(root, pids, {
    libc,
    now,
    ...(mayStop ? { pause } : {}),
    recording,
    timeoutMs: timeoutMs * (1 - SAMPLING_SHARE),
    signals: mayStop ? { send: process.kill.bind(process), jvmOutput } : undefined,
  });
  const leftMs = timeoutMs * (1 - WRITING_SHARE) - (now() - startMs);
  const { cost, creators, notes } = findCreators(dump, {
    ...{ now, pause, mayStop },
    timeoutMs: leftMs,
    recorded: creations?.creators(dump.stacks.map(({ tid }) => tid)) ?? [],
  });
  const groups = groupStacks(dump.stacks, 'function', baseline);
  return {
    coverage: {
      found: dump.found,
      covered: dump.covered,
      named: dump.stacks.length,
      tookMs: Math.round(now() - startMs),
      stops: cost.stops,
      stoppedMs: Math.round(cost.stoppedMs),
      longestStopMs: Math.round(cost.longestStopMs),
    },
    runtimes: dump.runtimes,
    notes: [...dump.notes, ...notes],
    creators,
    groups,
    files: dump.raw,
  };
}
