import { describe, expect, it } from 'vitest';
import { CreationTrace } from '../../../../src/evidence/creators/trace/creationTrace.ts';
import { readTracepoints } from '../../../../src/evidence/creators/trace/tracepoints.ts';
import { kernelRoot } from '../../../../src/procfs/root.ts';
import type { PerfEvents } from '../../../../src/sys/perfEvents.ts';
import {
  EXEC_FORMAT,
  execSample,
  FakeRing,
  NEW_TASK_FORMAT,
  TRACEPOINTS,
  taskSample,
} from '../../builders/perfRecords.ts';

/** A kernel of so many processors; `most` is the largest ring that it locks, `refuses` what perf_event_open answers. */
function fakePerf({ most = 64 << 20, refuses }: { readonly most?: number; readonly refuses?: number } = {}) {
  const opened: number[] = [];
  const rings = new Map<number, FakeRing>();
  const state = {
    closed: [] as number[],
    outputs: [] as (readonly [number, number])[],
    periods: [] as number[],
    rung: [] as number[],
  };
  const perf: PerfEvents = {
    open: (_, cpu) => {
      if (refuses !== undefined) return -refuses;
      opened.push(cpu);
      return 100 + opened.length - 1;
    },
    map: (fd, bytes) => {
      if (bytes > most) return undefined;
      const ring = new FakeRing(bytes);
      rings.set(fd, ring);
      return ring;
    },
    setPeriod: (_, period) => state.periods.push(period) > 0,
    setOutput: (fd, ringFd) => state.outputs.push([fd, ringFd]) > 0,
    signalOnce: (fd) => void state.rung.push(fd),
    close: (fds) => void state.closed.push(...fds),
    readDetached: () => undefined,
  };
  return { perf, opened, rings, state };
}
const open = (fake: ReturnType<typeof fakePerf>, cpus = [0, 1]) => {
  const trace = CreationTrace.open(fake.perf, TRACEPOINTS, { cpus, zeroMs: 1000 });
  if ('why' in trace) throw new Error(trace.why);
  return trace;
};

const drained = (trace: CreationTrace) => {
  const { records, release } = trace.drain();
  release();
  return records;
};
const SCOPE = { cpus: [0, 1], zeroMs: 0 };

describe('the trace of creations', () => {
  it('has an event of new tasks and one of programs on each processor, in one ring', () => {
    const fake = fakePerf();
    open(fake);
    expect(fake.opened).toEqual([0, 0, 0, 1, 1, 1]);
    expect(fake.state.outputs).toEqual([
      [101, 100],
      [104, 103],
    ]);
  });
  it('and a bell without a ring, which is asked to ring once on each', () => {
    const fake = fakePerf();
    expect(open(fake).signalOnce()).toBe(true);
    expect(fake.state.rung).toEqual([102, 105]);
  });
  it('puts the records of all processors into the order of time', () => {
    const fake = fakePerf();
    const trace = open(fake);
    fake.rings.get(100)?.put(taskSample({ pid: 1, atMs: 5 }), execSample({ pid: 3, atMs: 9, program: '/bin/x' }));
    fake.rings.get(103)?.put(taskSample({ pid: 2, atMs: 7 }));
    expect(drained(trace).map(({ pid }) => pid)).toEqual([1, 2, 3]);
    expect(drained(trace)).toEqual([]);
  });
  it('tells times by the clock of the guard', () => {
    const fake = fakePerf();
    const trace = open(fake);
    fake.rings.get(100)?.put(taskSample({ pid: 1, atMs: 1005 }));
    expect(drained(trace)[0]?.atMs).toBe(5);
  });
  it('sets a period only when it is another one', () => {
    const fake = fakePerf();
    const trace = open(fake);
    for (const period of [1, 7, 7, 1]) trace.setPeriod(period);
    expect(fake.state.periods).toEqual([7, 7, 1, 1]);
  });
  it('counts each record for the period in which it came', () => {
    const fake = fakePerf();
    const trace = open(fake);
    const weight = () => {
      fake.rings.get(100)?.put(taskSample({ pid: 1 }));
      const [record] = drained(trace);
      return record?.kind === 'task' ? record.weight : undefined;
    };
    expect(weight()).toBe(1);
    trace.setPeriod(31);
    expect(weight()).toBe(31);
  });
  it('takes a smaller ring where less memory may be locked', () => {
    const fake = fakePerf({ most: 128 << 10 });
    open(fake);
    expect(fake.rings.get(100)?.view.byteLength).toBe(4096 + (128 << 10));
  });
  it('on a host of 256 processors its rings are 16 MiB together', () => {
    const fake = fakePerf();
    open(
      fake,
      Array.from({ length: 256 }, (_, cpu) => cpu),
    );
    expect(fake.rings.get(100)?.view.byteLength).toBe(4096 + (64 << 10));
  });
  it('says why it cannot be had, and leaves nothing open', () => {
    const locked = fakePerf({ most: 4096 });
    expect(CreationTrace.open(locked.perf, TRACEPOINTS, SCOPE)).toEqual({
      why: 'no memory may be locked for its records (RLIMIT_MEMLOCK, kernel.perf_event_mlock_kb)',
    });
    expect(locked.state.closed).toEqual([100]);
    const refused = CreationTrace.open(fakePerf({ refuses: 13 }).perf, TRACEPOINTS, SCOPE);
    expect(refused).toEqual({ why: 'the kernel does not open a tracepoint for it (error 13)' });
  });
  it('gives its rings back before it closes them: a mapped one holds its event', () => {
    const fake = fakePerf();
    open(fake).close();
    expect([...fake.rings.values()].every(({ isMapped }) => !isMapped)).toBe(true);
    expect(fake.state.closed).toEqual([100, 101, 102, 103, 104, 105]);
  });
});

describe('where the tracepoints are', () => {
  const root = kernelRoot('/nowhere');
  it('a mount that no namespace has, where tracefs is not mounted', () => {
    const read = readTracepoints(root, { readDetached: () => [NEW_TASK_FORMAT, EXEC_FORMAT] });
    expect([read?.newTask.id, read?.exec?.id]).toEqual([205, 365]);
  });
  it('a kernel without that of programs', () => {
    const only = {
      readDetached: (_: string, paths: readonly string[]) => (paths.length === 1 ? [NEW_TASK_FORMAT] : undefined),
    };
    expect(readTracepoints(root, only)).toEqual({ newTask: TRACEPOINTS.newTask });
  });
  it('nobody may read it', () => {
    expect(readTracepoints(root, { readDetached: () => undefined })).toBeUndefined();
  });
});
