import { onlineProcessors } from '../../procfs/processors.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { type Bpf, loadBpf } from '../../sys/bpf.ts';
import { loadPerfEvents, type PerfEvents } from '../../sys/perfEvents.ts';
import { CreationTrace } from './trace/creationTrace.ts';
import type { Tracepoints } from './trace/record.ts';
import { readTracepoints } from './trace/tracepoints.ts';

const NS_PER_MS = 1e6;

/** The right to follow the tracepoints of the kernel, found out once; or why there is none, without a subject. */
export type Tracing = Traced | { readonly why: string };

export interface Traced {
  readonly perf: PerfEvents;
  readonly tracepoints: Tracepoints;
  /** `undefined` where no program may be loaded into the kernel. */
  readonly bpf: Bpf | undefined;
  /** What CLOCK_MONOTONIC shows when the clock of the guard (`performance.now`) shows 0, in milliseconds. */
  readonly zeroMs: number;
}

/** Nothing is opened yet but what tells where the tracepoints are. */
export function openTracing(root: KernelRoot): Tracing {
  const perf = loadPerfEvents();
  if (perf === undefined) return { why: 'it needs x86-64, glibc and koffi' };
  const tracepoints = readTracepoints(root, perf);
  return tracepoints === undefined
    ? { why: 'tracefs may not be read (CAP_SYS_ADMIN)' }
    : { perf, tracepoints, bpf: loadBpf(), zeroMs: Number(process.hrtime.bigint()) / NS_PER_MS - performance.now() };
}

/** Begins to record. */
export function startTrace(root: KernelRoot, tracing: Tracing): CreationTrace | { readonly why: string } {
  if ('why' in tracing) return tracing;
  const { perf, tracepoints, zeroMs } = tracing;
  return CreationTrace.open(perf, tracepoints, { cpus: onlineProcessors(root), zeroMs });
}

/** Why it is not known here who makes tasks, without a subject; `undefined` where the kernel records it. It is tried. */
export function whyNotTraced(root: KernelRoot): string | undefined {
  const trace = startTrace(root, openTracing(root));
  if ('why' in trace) return trace.why;
  trace.close();
  return undefined;
}
