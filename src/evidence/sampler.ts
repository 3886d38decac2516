import { type CreationSample, creationPath } from '../core/creators.ts';
import type { Frame } from '../core/stack.ts';
import { readShort } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readPlace } from '../procfs/syscall.ts';
import { listThreads } from '../procfs/task.ts';
import type { Libc } from '../sys/libc.ts';
import { pauseHere } from '../sys/pause.ts';
import { askJvm } from './dumpers/jvm.ts';
import { type Python, type PythonThreads, reopenPython } from './dumpers/python.ts';
import { ElfFiles } from './native/modules.ts';
import { type NativeProcess, openNativeProcess } from './native/nativeProcess.ts';
import { unwind } from './native/unwind.ts';
import type { Pause } from './stillness.ts';

export interface Sampled {
  readonly samples: readonly CreationSample[];
  /** How often the target was stopped, for how long in all, and the longest. */
  readonly stops: number;
  readonly stoppedMs: number;
  readonly longestStopMs: number;
}

/** Threads that are looked at: the ones that use the processor most now, and the ones that did so far. */
const HOTTEST = 2;
const HEAT_MS = 10;
/** No process number is as large (include/linux/threads.h). */
const PID_MAX_LIMIT = 4 << 20;
/** Of how many threads that is asked. */
const OLDEST = 256;
const MOST_STOPS = 150;
/** Of what need not be stopped. */
const MOST_LOOKS = 400;
/** Who has been caught at nothing in as many looks makes nothing now: the target need not stand still for more. */
const FRUITLESS = 8;
const MOST_JVM_DUMPS = 20;
/**
 * Processor time that the threads must have had between two samples, or both show one moment: after a stop of 4,500
 * threads on two processors it took 20 ms until they got any.
 */
const STOP_APART_NS = 500_000;
const LOOK_APART_NS = 100_000;
/** Who gets none in this time is waiting. */
const MOST_APART_MS = 30;
const BETWEEN_MS = 1;
/** A thread on another processor needs a moment to stop. */
const STANDSTILL_MS = 20;
const POLL_MS = 0.1;
/** A refused thread start of CPython takes 50 µs, a look at it 15; programs that try again do so within this. */
const CATCH_MS = 5;
const LOOKS_AT_ONCE = 32;

/**
 * Catches the threads that make threads in the act: the busiest ones are stopped for a moment, again and again, and
 * their stacks read. CPython's frames are in memory, so it is not even stopped.
 */
export function sampleCreators(
  root: KernelRoot,
  pid: number,
  options: {
    readonly now: () => number;
    readonly timeoutMs: number;
    readonly stopMs: number;
    readonly pause: Pause;
    /** Where it is CPython: it need not be stopped. */
    readonly pythonThreads: PythonThreads | undefined;
  },
): Sampled {
  const endMs = options.now() + options.timeoutMs;
  const stop = { stops: 0, stoppedMs: 0, longestStopMs: 0 };
  const samples: CreationSample[] = [];
  const files = new ElfFiles();
  const native = openNativeProcess(root, pid, files);
  if (native === undefined) return { samples, ...stop };
  try {
    const tids = hottest(root, pid, listThreads(root, pid));
    const { pythonThreads } = options;
    const python = pythonThreads === undefined ? undefined : reopenPython(native.memory, native.modules, pythonThreads);
    const most = python === undefined ? MOST_STOPS : MOST_LOOKS;
    for (let count = 0; count < most && options.now() < endMs; count += 1) {
      if (count > 0)
        letRun(root, pid, tids, python === undefined ? STOP_APART_NS : LOOK_APART_NS, endMs - options.now());
      if (python !== undefined) {
        const untilMs = Math.min(endMs, options.now() + CATCH_MS);
        for (const [index, tid] of tids.entries()) {
          const frames = index === 0 ? awaited(python, tid, untilMs, options.now) : python.steadyStackOf(tid)?.frames;
          if (frames !== undefined) samples.push({ runtime: 'python', frames });
        }
        continue;
      }
      const startMs = options.now();
      if (count >= FRUITLESS && !samples.some((sample) => creationPath(sample) !== undefined)) break;
      // The next stop will be about as long as the longest: over the limit none is begun.
      if (startMs + stop.longestStopMs > endMs) break;
      if (stop.stoppedMs + stop.longestStopMs > options.stopMs) break;
      const resume = options.pause(pid, 'begun');
      if (resume === undefined) break;
      try {
        samples.push(
          ...tids.flatMap((tid) => sampleNative(root, pid, tid, native, startMs + STANDSTILL_MS, options.now)),
        );
      } finally {
        resume();
      }
      const tookMs = options.now() - startMs;
      stop.stops += 1;
      stop.stoppedMs += tookMs;
      stop.longestStopMs = Math.max(stop.longestStopMs, tookMs);
    }
    return { samples, ...stop };
  } finally {
    native.close();
    files.close();
  }
}

/** A JVM dumps all of its threads or none; each time, the ones that make others are among them. */
export function sampleJvm(
  root: KernelRoot,
  pid: number,
  { libc, now, timeoutMs }: { readonly libc: Libc | undefined; readonly now: () => number; readonly timeoutMs: number },
): CreationSample[] {
  const endMs = now() + timeoutMs;
  const samples: CreationSample[] = [];
  let lastMs = 0;
  for (let count = 0; count < MOST_JVM_DUMPS && now() + lastMs < endMs; count += 1) {
    const startMs = now();
    const answer = askJvm(root, pid, libc, endMs - startMs);
    if (answer.kind === 'none') break;
    for (const { frames } of answer.dump.threads) samples.push({ runtime: 'jvm', frames });
    lastMs = now() - startMs;
    pauseHere(BETWEEN_MS);
  }
  return samples;
}

/**
 * Who makes the others is among the oldest. Not told by the state: when a stop has just ended, hundreds of threads that
 * only wait are runnable for a moment. One that is refused and sleeps before it tries again shows in what it used so far.
 */
function hottest(root: KernelRoot, pid: number, tids: readonly number[]): number[] {
  const before = oldestFirst(pid, tids)
    .slice(0, OLDEST)
    .map((tid) => ({ tid, ns: runNs(root, pid, tid) }));
  pauseHere(HEAT_MS);
  const after = before.map(({ ns, tid }) => {
    const total = runNs(root, pid, tid);
    return { tid, total, recent: total - ns };
  });
  const most = (by: 'total' | 'recent') => after.toSorted((a, b) => b[by] - a[by]).slice(0, HOTTEST);
  return [...new Set([...most('recent'), ...most('total')].map(({ tid }) => tid))];
}

/** Numbers go up from the first thread's and begin again at the bottom; a directory is read sorted as text. */
export function oldestFirst(pid: number, tids: readonly number[]): number[] {
  const age = (tid: number): number => (tid < pid ? tid + PID_MAX_LIMIT : tid);
  return tids.toSorted((a, b) => age(a) - age(b));
}

/** Until the threads have been on a processor for a while. */
function letRun(root: KernelRoot, pid: number, tids: readonly number[], forNs: number, mostMs: number): void {
  const ran = (): number => tids.reduce((sum, tid) => sum + runNs(root, pid, tid), 0);
  const before = ran();
  for (let waited = 0; waited < Math.min(MOST_APART_MS, mostMs); waited += BETWEEN_MS) {
    pauseHere(BETWEEN_MS);
    if (ran() - before >= forNs) return;
  }
}

/** One that is refused sleeps nearly always: the busiest is watched until it makes a thread. What it did last, if it makes none. */
function awaited(python: Python, tid: number, untilMs: number, now: () => number): readonly Frame[] | undefined {
  let frames: readonly Frame[] | undefined;
  for (let looks = 1; now() < untilMs; looks += 1) {
    frames = python.steadyStackOf(tid)?.frames ?? frames;
    if (frames !== undefined && creationPath({ runtime: 'python', frames }) !== undefined) return frames;
    // It may want the processor that is being used for watching it.
    if (looks % LOOKS_AT_ONCE === 0) pauseHere(POLL_MS);
  }
  return frames;
}

/** Time on a processor: the first number of `/proc/PID/task/TID/schedstat`. */
function runNs(root: KernelRoot, pid: number, tid: number): number {
  return Number.parseInt(readShort(root.proc(pid, 'task', tid, 'schedstat')) ?? '0', 10);
}

function sampleNative(
  root: KernelRoot,
  pid: number,
  tid: number,
  native: NativeProcess,
  untilMs: number,
  now: () => number,
): CreationSample[] {
  let place = readPlace(root, pid, tid);
  while (place === 'running' && now() < untilMs) {
    // A real-time guard that spins keeps its processor from a thread that has to run once more to stop.
    pauseHere(POLL_MS);
    place = readPlace(root, pid, tid);
  }
  if (place === undefined || place === 'running') return [];
  native.refresh();
  const { pcs } = unwind(place, native.source);
  return [{ runtime: 'native', frames: pcs.map((pc, index) => native.frameAt(pc, index > 0)) }];
}

/** SIGSTOP and SIGCONT for one process, where there is no freezer. */
export function pauseBySignal(pid: number): (() => void) | undefined {
  try {
    process.kill(pid, 'SIGSTOP');
  } catch {
    return undefined;
  }
  return () => {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // It ended while it was stopped.
    }
  };
}
