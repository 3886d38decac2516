import { readSync } from 'node:fs';
import type { PerfEvents, PerfRing, PerfScope } from '../../../sys/perfEvents.ts';
import { tracepointAttribute } from './attribute.ts';
import { type ExecRecord, parseRecord, type TaskRecord, type Tracepoints } from './record.ts';
import { drainRing } from './ring.ts';

/**
 * How much of a stack is copied. 4 KiB reach the source frames of most runtimes, and what lies higher is still there when it is
 * read; children that end at once leave nothing but the copy.
 */
const STACK_BYTES = 8192;
/** Of all rings together, and of one. */
const MOST_BYTES = 16 << 20;
const MOST_RING_BYTES = 4 << 20;
const LEAST_RING_BYTES = 64 << 10;
/** Records that are copied out of one ring at once. */
const MOST_AT_ONCE = 1024;

/** What is recorded. */
export interface TraceScope {
  /** Processors by their numbers. */
  readonly cpus: readonly number[];
  /** A directory of a cgroup (v2); `undefined` for all processes of the host. */
  readonly cgroupFd: number | undefined;
  /** What CLOCK_MONOTONIC shows when the clock of the guard shows 0, in milliseconds. */
  readonly zeroMs: number;
}

/** What came since the last time. */
export interface Drainage {
  /** In the order of time. */
  readonly records: readonly (TaskRecord | ExecRecord)[];
  /** Records that were not kept, for want of room or of time. */
  readonly lost: number;
}

/** One processor. */
interface Source {
  readonly fd: number;
  readonly execFd: number | undefined;
  readonly ring: PerfRing;
}

/** Every task that is made, from now on, by the processes of a scope. Opened before the first of them begins. */
export class CreationTrace {
  readonly #perf: PerfEvents;
  readonly #tracepoints: Tracepoints;
  readonly #sources: readonly Source[];
  readonly #zeroMs: number;
  #period = 1;

  private constructor(perf: PerfEvents, tracepoints: Tracepoints, sources: readonly Source[], zeroMs: number) {
    this.#perf = perf;
    this.#tracepoints = tracepoints;
    this.#sources = sources;
    this.#zeroMs = zeroMs;
  }

  /** `why`, without a subject, where the kernel does not let it. */
  static open(
    perf: PerfEvents,
    tracepoints: Tracepoints,
    { cgroupFd, cpus, zeroMs }: TraceScope,
  ): CreationTrace | { readonly why: string } {
    const sources: Source[] = [];
    const wanted = Math.min(MOST_RING_BYTES, floorPower(MOST_BYTES / Math.max(1, cpus.length)));
    for (const cpu of cpus) {
      const source = openSource(perf, tracepoints, { cpu, ...(cgroupFd === undefined ? {} : { cgroupFd }) }, wanted);
      if ('why' in source) {
        closeAll(perf, sources);
        return source;
      }
      sources.push(source);
    }
    return new CreationTrace(perf, tracepoints, sources, zeroMs);
  }

  /** Takes what has been recorded out of the rings. */
  drain(): Drainage {
    const records: (TaskRecord | ExecRecord)[] = [];
    let lost = 0;
    for (const { ring } of this.#sources) {
      const drained = drainRing(ring, MOST_AT_ONCE);
      lost += drained.lost + drained.skipped;
      for (const bytes of drained.records) {
        const record = parseRecord(bytes, this.#tracepoints);
        if (record !== undefined) records.push({ ...record, atMs: record.atMs - this.#zeroMs });
      }
    }
    return { records: records.sort((a, b) => a.atMs - b.atMs), lost };
  }

  /** Tasks that were made in the scope since it was opened, by the kernel's own counter: exact, also where records were lost. */
  made(): number {
    const count = Buffer.alloc(8);
    let sum = 0;
    for (const { fd } of this.#sources) {
      if (readSync(fd, count, 0, 8, null) === 8) sum += Number(count.readBigUInt64LE(0));
    }
    return sum;
  }

  /** Only one of so many is recorded from now on. All of them are counted. */
  setPeriod(period: number): void {
    if (period === this.#period) return;
    this.#period = period;
    for (const { fd } of this.#sources) this.#perf.setPeriod(fd, period);
  }

  get period(): number {
    return this.#period;
  }

  /** Whether SIGCHLD comes when something was recorded. */
  setSignal(isAsked: boolean): void {
    for (const { fd } of this.#sources) this.#perf.setSignal(fd, isAsked);
  }

  close(): void {
    closeAll(this.#perf, this.#sources);
  }
}

function openSource(
  perf: PerfEvents,
  { exec, newTask }: Tracepoints,
  scope: PerfScope,
  wantedBytes: number,
): Source | { readonly why: string } {
  const fd = perf.open(tracepointAttribute({ id: newTask.id, stackBytes: STACK_BYTES }), scope);
  if (fd < 0) return { why: `the kernel does not open a tracepoint for it (error ${-fd})` };
  for (let bytes = wantedBytes; bytes >= LEAST_RING_BYTES; bytes /= 2) {
    const ring = perf.map(fd, bytes);
    if (ring === undefined) continue;
    const execFd = exec === undefined ? -1 : perf.open(tracepointAttribute({ id: exec.id, stackBytes: 0 }), scope);
    if (execFd >= 0) perf.setOutput(execFd, fd);
    return { fd, execFd: execFd < 0 ? undefined : execFd, ring };
  }
  perf.close([fd]);
  return { why: 'no memory may be locked for its records (RLIMIT_MEMLOCK, kernel.perf_event_mlock_kb)' };
}

function closeAll(perf: PerfEvents, sources: readonly Source[]): void {
  // A mapped ring holds its event open.
  for (const { ring } of sources) ring.unmap();
  perf.close(sources.flatMap(({ execFd, fd }) => [fd, ...(execFd === undefined ? [] : [execFd])]));
}

/** The largest power of two that is not above it. */
function floorPower(bytes: number): number {
  return 2 ** Math.floor(Math.log2(bytes));
}
