import { type CreationSample, creationPath } from '../core/creators.ts';
import type { TaskStack } from '../core/stack.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readPlace } from '../procfs/syscall.ts';
import { listThreads } from '../procfs/task.ts';
import type { Libc } from '../sys/libc.ts';
import { pauseHere } from '../sys/pause.ts';
import { askJvm } from './dumpers/jvm.ts';
import { openPython } from './dumpers/python.ts';
import { ElfFiles } from './native/modules.ts';
import { type NativeProcess, openNativeProcess } from './native/process.ts';
import { unwind } from './native/unwind.ts';

/** Stops the target; gives back what lets it go on. `undefined` where it could not be stopped. */
export type Pause = (pid: number) => (() => void) | undefined;

export interface Sampled {
  readonly samples: readonly CreationSample[];
  /** How often the target was stopped, for how long in all, and the longest. */
  readonly stops: number;
  readonly stoppedMs: number;
  readonly longestStopMs: number;
}

/** Threads that are looked at: the ones that used the processor most. */
const HOTTEST = 3;
const MOST_STOPS = 60;
/** Of what need not be stopped. */
const MOST_LOOKS = 400;
/** Who has been caught at nothing in as many looks makes nothing now: the target need not stand still for more. */
const FRUITLESS = 8;
const MOST_JVM_DUMPS = 20;
/** Between two samples the thread must get on. */
const BETWEEN_MS = 1;
/** A thread on another processor needs a moment to stop. */
const STANDSTILL_MS = 20;

/**
 * Catches the threads that make threads in the act: the busiest ones are stopped for a moment, again and again, and
 * their stacks read. CPython's frames are in memory, so it is not even stopped.
 */
export function sampleCreators(
  root: KernelRoot,
  stacks: readonly TaskStack[],
  options: { readonly now: () => number; readonly timeoutMs: number; readonly stopMs: number; readonly pause: Pause },
): Sampled {
  const endMs = options.now() + options.timeoutMs;
  const stop = { stops: 0, stoppedMs: 0, longestStopMs: 0 };
  const samples: CreationSample[] = [];
  const hot = hottest(stacks);
  const pid = hot[0]?.pid;
  const files = new ElfFiles();
  const native = pid === undefined ? undefined : openNativeProcess(root, pid, files);
  if (pid === undefined || native === undefined) return { samples, ...stop };
  try {
    const python = openPython(native.memory, native.modules, new Set(listThreads(root, pid)));
    const tids = hot.filter((task) => task.pid === pid).map(({ tid }) => tid);
    const most = python === undefined ? MOST_STOPS : MOST_LOOKS;
    for (let count = 0; count < most && options.now() < endMs; count += 1) {
      if (count > 0) pauseHere(BETWEEN_MS);
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

/** Busy ones first: on a processor or making something, then by the time they had; of one process, the busiest. */
function hottest(stacks: readonly TaskStack[]): TaskStack[] {
  const heat = ({ cpuTicks, wait }: TaskStack): number =>
    cpuTicks + (wait === 'running' || wait === 'clone' ? Number.MAX_SAFE_INTEGER / 2 : 0);
  const top: TaskStack[] = [];
  for (const stack of stacks) {
    if (top.length === HOTTEST && heat(stack) <= heat(top[HOTTEST - 1] as TaskStack)) continue;
    top.push(stack);
    top.sort((a, b) => heat(b) - heat(a));
    top.length = Math.min(top.length, HOTTEST);
  }
  return top;
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
