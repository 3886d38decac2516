import type { KernelRoot } from '../../procfs/root.ts';
import { CreationNotes } from '../python/creations/creationNotes.ts';
import { CreationWatch, type WatchedTarget } from './creationWatch.ts';
import { Makers } from './makers/makers.ts';
import { startTrace, type Tracing } from './tracing.ts';

/** Follows who makes the tasks of a target, best before it begins. */
export function watchCreations(
  root: KernelRoot,
  tracing: Tracing,
  target: WatchedTarget,
): CreationWatch | { readonly why: string } {
  const trace = startTrace(root, tracing);
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
    target,
  });
}

function notesOf(tracing: Tracing): CreationNotes | undefined {
  if ('why' in tracing || tracing.bpf === undefined) return undefined;
  const { bpf, perf, tracepoints, zeroMs } = tracing;
  return new CreationNotes({ bpf, perf, zeroMs, newTask: tracepoints.newTask });
}
