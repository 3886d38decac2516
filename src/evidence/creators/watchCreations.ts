import { closeSync, openSync } from 'node:fs';
import type { KernelRoot } from '../../procfs/root.ts';
import { CreationNotes } from '../python/creations/creationNotes.ts';
import { CreationWatch } from './creationWatch.ts';
import { Makers } from './makers/makers.ts';
import { CreationTrace } from './trace/creationTrace.ts';
import { startTrace, type Tracing } from './tracing.ts';

/**
 * Follows who makes the tasks of a target that has not begun. Given its cgroup of the unified hierarchy the kernel records it
 * alone; else every process of the host, of which the target's are taken.
 */
export function watchCreations(
  root: KernelRoot,
  tracing: Tracing,
  cgroupDir: string | undefined,
): CreationWatch | { readonly why: string } {
  const own = cgroupDir === undefined ? undefined : inCgroup(cgroupDir, (fd) => startTrace(root, tracing, fd));
  const isOfTarget = own instanceof CreationTrace;
  const trace = isOfTarget ? own : startTrace(root, tracing, undefined);
  if ('why' in trace) return trace;
  const now = (): number => performance.now();
  return new CreationWatch({
    trace,
    makers: new Makers({ root, now, notes: notesOf(tracing) }),
    now,
    later: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      timer.unref();
      return () => clearTimeout(timer);
    },
    onSignal: (callback) => {
      process.on('SIGCHLD', callback);
      return () => process.off('SIGCHLD', callback);
    },
    guard: process.pid,
    isOfTarget,
  });
}

function notesOf(tracing: Tracing): CreationNotes | undefined {
  if ('why' in tracing || tracing.bpf === undefined) return undefined;
  const { bpf, perf, tracepoints, zeroMs } = tracing;
  return new CreationNotes({ bpf, perf, zeroMs, newTask: tracepoints.newTask });
}

/** The kernel keeps the cgroup, so its descriptor is closed again. */
function inCgroup<T>(dir: string, use: (fd: number) => T): T | undefined {
  let fd: number;
  try {
    fd = openSync(dir, 'r');
  } catch {
    return undefined;
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
