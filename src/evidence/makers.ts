import { type Creator, namedCreators, rankCreators } from '../core/creators.ts';
import { formatCount } from '../core/units.ts';
import { readCodeMaps } from '../procfs/maps.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { countThreads } from '../procfs/task.ts';
import type { Libc } from '../sys/libc.ts';
import type { Dump } from './dumpProcesses.ts';
import type { ThreadStartRecording } from './jfr/recording.ts';
import { pauseBySignal, type Sampled, sampleCreators, sampleJvm } from './sampler.ts';
import type { Pause } from './stillness.ts';

/** The target stands still for that long at most while it is sampled. */
const MOST_STOPPED_MS = 200;
/** Less is no time to catch anybody. */
const LEAST_SAMPLING_MS = 20;

interface Parts {
  readonly root: KernelRoot;
  readonly libc: Libc | undefined;
  /** Stops the whole target, where it can be done in one act. */
  readonly pause: Pause;
  readonly now: () => number;
  /** Where the JVM was started with one. */
  readonly recording: ThreadStartRecording | undefined;
}

/** Who makes the threads, and what it took the target to find out, the stop for its stacks included. */
export function findMakers(
  parts: Parts,
  pids: readonly number[],
  dump: Dump,
  timeoutMs: number,
): { readonly creators: readonly Creator[]; readonly cost: Sampled } {
  const endMs = parts.now() + timeoutMs;
  const jvm = dump.stacks.find(({ runtime }) => runtime === 'jvm')?.pid;
  const recorded = jvm === undefined ? [] : (parts.recording?.ask(parts.root, jvm, parts.libc, timeoutMs) ?? []);
  if (recorded.length > 0) return { creators: recordedCreators(recorded), cost: withStop(NOT_SAMPLED, dump.stoppedMs) };
  const caught = catchInTheAct(parts, pids, dump, timeoutMs);
  const told = askAgain(parts, jvm, endMs - parts.now());
  const samples = [...caught.samples, ...told];
  return { creators: creatorsOf(dump, caught.stops, samples), cost: withStop({ ...caught, samples }, dump.stoppedMs) };
}

const NOT_SAMPLED: Sampled = { samples: [], stops: 0, stoppedMs: 0, longestStopMs: 0 };

/** Those of the largest process; a JVM makes threads in code that only itself can name. */
function catchInTheAct({ now, pause, root }: Parts, pids: readonly number[], dump: Dump, timeoutMs: number): Sampled {
  const [pid] = [...pids].sort((a, b) => (countThreads(root, b) ?? 0) - (countThreads(root, a) ?? 0));
  if (pid === undefined || timeoutMs < LEAST_SAMPLING_MS || isJvm(root, pid)) return NOT_SAMPLED;
  return sampleCreators(root, pid, {
    now,
    timeoutMs,
    stopMs: Math.min(MOST_STOPPED_MS, timeoutMs),
    pythonThreads: dump.python.get(pid),
    pause: (one, until) => pause(one, until) ?? pauseBySignal(one),
  });
}

/** A JVM is asked, as often as there is time. */
function askAgain({ libc, now, root }: Parts, jvm: number | undefined, timeoutMs: number): Sampled['samples'] {
  return jvm === undefined || timeoutMs < LEAST_SAMPLING_MS ? [] : sampleJvm(root, jvm, { libc, now, timeoutMs });
}

function isJvm(root: KernelRoot, pid: number): boolean {
  return readCodeMaps(root, pid)?.some(({ path }) => path.endsWith('/libjvm.so')) ?? false;
}

function creatorsOf(dump: Dump, stops: number, samples: Sampled['samples']): Creator[] {
  const named = namedCreators(dump.stacks);
  if (named.length > 0) return named;
  const how = stops > 0 ? `in ${formatCount(stops)} stops` : 'in stacks read one after another';
  return rankCreators(
    [...samples, ...dump.stacks],
    (caught) => `caught making them ${formatCount(caught)} times ${how}`,
  );
}

/** A recording has every start: exact, like Go's and Ruby's. */
export function recordedCreators(samples: Sampled['samples']): Creator[] {
  return rankCreators(samples, (count) => `the JVM recorded ${formatCount(count)} thread starts`);
}

function withStop(sampled: Sampled, stoppedMs: number): Sampled {
  if (stoppedMs === 0) return sampled;
  return {
    ...sampled,
    stops: sampled.stops + 1,
    stoppedMs: sampled.stoppedMs + stoppedMs,
    longestStopMs: Math.max(sampled.longestStopMs, stoppedMs),
  };
}
