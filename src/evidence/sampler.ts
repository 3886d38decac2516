import { type CreationSample, creationPath } from '../core/creators.ts';
import { readShort } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { parseStat } from '../procfs/stat.ts';
import { readPlace } from '../procfs/syscall.ts';
import { listThreads } from '../procfs/task.ts';
import type { Libc } from '../sys/libc.ts';
import { pauseHere } from '../sys/pause.ts';
import { askJvm } from './dumpers/jvm.ts';
import { openPython } from './dumpers/python.ts';
import { ElfFiles } from './native/modules.ts';
import { type NativeProcess, openNativeProcess } from './native/process.ts';
import { unwind } from './native/unwind.ts';
import type { Pause } from './stillness.ts';

export interface Sampled {
  readonly samples: readonly CreationSample[];
  /** How often the target was stopped, for how long in all, and the longest. */
  readonly stops: number;
  readonly stoppedMs: number;
  readonly longestStopMs: number;
}

/** Threads that are looked at: the ones that used the processor most. */
const HOTTEST = 3;
/** Of how many threads that is asked. */
const OLDEST = 256;
const RUNNING_HEAT = 1e12;
const MOST_STOPS = 60;
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

/**
 * Catches the threads that make threads in the act: the busiest ones are stopped for a moment, again and again, and
 * their stacks read. CPython's frames are in memory, so it is not even stopped.
 */
export function sampleCreators(
  root: KernelRoot,
  pid: number,
  options: { readonly now: () => number; readonly timeoutMs: number; readonly stopMs: number; readonly pause: Pause },
): Sampled {
  const endMs = options.now() + options.timeoutMs;
  const stop = { stops: 0, stoppedMs: 0, longestStopMs: 0 };
  const samples: CreationSample[] = [];
  const files = new ElfFiles();
  const native = openNativeProcess(root, pid, files);
  if (native === undefined) return { samples, ...stop };
  try {
    const tids = hottest(root, pid, listThreads(root, pid));
    const python = openPython(native.memory, native.modules, new Set(tids));
    const most = python === undefined ? MOST_STOPS : MOST_LOOKS;
    for (let count = 0; count < most && options.now() < endMs; count += 1) {
      if (count > 0) letRun(root, pid, tids, python === undefined ? STOP_APART_NS : LOOK_APART_NS);
      if (python !== undefined) {
        samples.push(...tids.map((tid) => ({ runtime: 'python' as const, frames: python.framesOf(tid) })));
        continue;
      }
      const startMs = options.now();
      if (count >= FRUITLESS && !samples.some((sample) => creationPath(sample) !== undefined)) break;
      // The next stop will be about as long as the longest: over the limit none is begun.
      if (stop.stoppedMs + stop.longestStopMs > options.stopMs) break;
      const resume = options.pause(pid);
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

/** Threads on a processor first, then the ones that had most of it. Who makes the others is among the oldest. */
function hottest(root: KernelRoot, pid: number, tids: readonly number[]): number[] {
  return tids
    .slice(0, OLDEST)
    .map((tid) => ({ tid, stat: parseStat(readShort(root.proc(pid, 'task', tid, 'stat')) ?? '') }))
    .map(({ stat, tid }) => ({ tid, heat: (stat?.cpuTicks ?? -1) + (stat?.state === 'R' ? RUNNING_HEAT : 0) }))
    .sort((a, b) => b.heat - a.heat)
    .slice(0, HOTTEST)
    .map(({ tid }) => tid);
}

/** Until the threads have been on a processor for a while. */
function letRun(root: KernelRoot, pid: number, tids: readonly number[], forNs: number): void {
  const ran = (): number => tids.reduce((sum, tid) => sum + runNs(root, pid, tid), 0);
  const before = ran();
  for (let waited = 0; waited < MOST_APART_MS; waited += BETWEEN_MS) {
    pauseHere(BETWEEN_MS);
    if (ran() - before >= forNs) return;
  }
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
  while (place === 'running' && now() < untilMs) place = readPlace(root, pid, tid);
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
