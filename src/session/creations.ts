import { closeSync, openSync } from 'node:fs';
import { CreationWatch } from '../evidence/creators/creationWatch.ts';
import { Makers } from '../evidence/creators/makers/makers.ts';
import { CreationTrace } from '../evidence/creators/trace/creationTrace.ts';
import type { Tracepoints } from '../evidence/creators/trace/record.ts';
import { readTracepoints } from '../evidence/creators/trace/tracepoints.ts';
import { onlineProcessors } from '../procfs/processors.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { loadPerfEvents, type PerfEvents } from '../sys/perfEvents.ts';

/** The right to follow the tracepoints of the kernel, found out once; or why there is none, without a subject. */
export type Tracing = { readonly perf: PerfEvents; readonly tracepoints: Tracepoints } | { readonly why: string };

/** Nothing is opened yet but what tells where the tracepoints are. */
export function openTracing(root: KernelRoot): Tracing {
  const perf = loadPerfEvents();
  if (perf === undefined) return { why: 'it needs x86-64, glibc and koffi' };
  const tracepoints = readTracepoints(root, perf);
  return tracepoints === undefined ? { why: 'tracefs may not be read (CAP_SYS_ADMIN)' } : { perf, tracepoints };
}

/**
 * Follows who makes the tasks of a target that has not begun. Given its cgroup of the unified hierarchy the kernel records it
 * alone; else every process of the host, of which the target's are taken.
 */
export function watchCreations(
  root: KernelRoot,
  tracing: Tracing,
  cgroupDir: string | undefined,
): CreationWatch | { readonly why: string } {
  if ('why' in tracing) return tracing;
  const { perf, tracepoints } = tracing;
  const cpus = onlineProcessors(root);
  const now = (): number => performance.now();
  const zeroMs = Number(process.hrtime.bigint()) / NS_PER_MS - now();
  const open = (cgroupFd: number | undefined) => CreationTrace.open(perf, tracepoints, { cpus, cgroupFd, zeroMs });
  const own = cgroupDir === undefined ? undefined : inCgroup(cgroupDir, open);
  const isOfTarget = own instanceof CreationTrace;
  const trace = isOfTarget ? own : open(undefined);
  if ('why' in trace) return trace;
  return new CreationWatch({
    trace,
    makers: new Makers(root, now),
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

const NS_PER_MS = 1e6;

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
