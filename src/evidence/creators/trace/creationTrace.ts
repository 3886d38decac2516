import type { PerfEvents, PerfRing } from '../../../sys/perfEvents.ts';
import { bellAttribute, tracepointAttribute } from './attribute.ts';
import { type ExecRecord, parseRecord, type TaskRecord, type Tracepoints } from './record.ts';
import { readRing } from './ring.ts';

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
  /** What CLOCK_MONOTONIC shows when the clock of the guard shows 0, in milliseconds. */
  readonly zeroMs: number;
}

/** What came since the last time. */
export interface Drainage {
  /** In the order of time. Their stacks lie in the rings, until `release`: who keeps one keeps a copy. */
  readonly records: readonly (TaskRecord | ExecRecord)[];
  /** Records that were not kept, for want of room or of time. */
  readonly lost: number;
  /** Gives the room of these records back. */
  release(): void;
}

/** One processor. */
interface Source {
  readonly fd: number;
  readonly execFd: number | undefined;
  /** Rings once when a task is made; `undefined` where the kernel has no room for one more event. */
  readonly bellFd: number | undefined;
  readonly ring: PerfRing;
}

/**
 * Every task that is made on this host from now on. An event of one cgroup alone would cost every process: the kernel then changes
 * events at each switch between two cgroups. One that is inherited makes a thread cost twice as much.
 */
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
    { cpus, zeroMs }: TraceScope,
  ): CreationTrace | { readonly why: string } {
    const sources: Source[] = [];
    const wanted = Math.min(MOST_RING_BYTES, floorPower(MOST_BYTES / Math.max(1, cpus.length)));
    for (const cpu of cpus) {
      const source = openSource(perf, tracepoints, cpu, wanted);
      if ('why' in source) {
        closeAll(perf, sources);
        return source;
      }
      sources.push(source);
    }
    return new CreationTrace(perf, tracepoints, sources, zeroMs);
  }

  /** What has been recorded, until now. */
  drain(): Drainage {
    const records: (TaskRecord | ExecRecord)[] = [];
    const rings = this.#sources.map(({ ring }) => readRing(ring, MOST_AT_ONCE));
    let lost = 0;
    for (const drained of rings) {
      lost += drained.lost + drained.skipped;
      for (const bytes of drained.records) {
        const record = parseRecord(bytes, this.#tracepoints, this.#period);
        if (record !== undefined) records.push({ ...record, atMs: record.atMs - this.#zeroMs });
      }
    }
    const release = (): void => {
      for (const drained of rings) drained.release();
    };
    return { records: records.sort((a, b) => a.atMs - b.atMs), lost, release };
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

  /** Asks for one SIGCHLD on each processor, at the next task that is made there. False where that cannot be had. */
  signalOnce(): boolean {
    for (const { bellFd } of this.#sources) if (bellFd !== undefined) this.#perf.signalOnce(bellFd);
    return this.#sources.every(({ bellFd }) => bellFd !== undefined);
  }

  close(): void {
    closeAll(this.#perf, this.#sources);
  }
}

function openSource(
  perf: PerfEvents,
  { exec, newTask }: Tracepoints,
  cpu: number,
  wantedBytes: number,
): Source | { readonly why: string } {
  const fd = perf.open(tracepointAttribute({ id: newTask.id, stackBytes: STACK_BYTES }), cpu);
  if (fd < 0) return { why: `the kernel does not open a tracepoint for it (error ${-fd})` };
  for (let bytes = wantedBytes; bytes >= LEAST_RING_BYTES; bytes /= 2) {
    const ring = perf.map(fd, bytes);
    if (ring === undefined) continue;
    const execFd = exec === undefined ? -1 : perf.open(tracepointAttribute({ id: exec.id, stackBytes: 0 }), cpu);
    if (execFd >= 0) perf.setOutput(execFd, fd);
    const bellFd = perf.open(bellAttribute(newTask.id), cpu);
    return { fd, execFd: known(execFd), bellFd: known(bellFd), ring };
  }
  perf.close([fd]);
  return { why: 'no memory may be locked for its records (RLIMIT_MEMLOCK, kernel.perf_event_mlock_kb)' };
}

function closeAll(perf: PerfEvents, sources: readonly Source[]): void {
  // A mapped ring holds its event open.
  for (const { ring } of sources) ring.unmap();
  perf.close(sources.flatMap(({ bellFd, execFd, fd }) => [fd, execFd, bellFd].filter((one) => one !== undefined)));
}

function known(fd: number): number | undefined {
  return fd < 0 ? undefined : fd;
}

/** The largest power of two that is not above it. */
function floorPower(bytes: number): number {
  return 2 ** Math.floor(Math.log2(bytes));
}
