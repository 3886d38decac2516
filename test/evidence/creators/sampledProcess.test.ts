import { afterEach, describe, expect, it } from 'vitest';
import { openSampledProcess, withNative } from '../../../src/evidence/creators/sampledProcess.ts';
import { NO_LIMITS } from '../../../src/evidence/elf/readLimits.ts';
import { openRunningPython } from '../../../src/evidence/python/running.ts';
import { kernelRoot } from '../../../src/procfs/root.ts';
import { type FakeProc, makeProc } from '../../fixtures/procTree.ts';

let proc: FakeProc | undefined;
afterEach(() => proc?.remove());

describe('a process that can be read: this one', () => {
  const process_ = openSampledProcess(kernelRoot(), process.pid, NO_LIMITS);
  it('has threads that have been on a processor', () => {
    const tids = process_?.threads() ?? [];
    expect(tids).toContain(process.pid);
    expect(process_?.ranNs(process.pid)).toBeGreaterThan(1_000_000);
  });
  it('some of them stand still, and then they have a stack', () => {
    const stacks = (process_?.threads() ?? []).map((tid) => process_?.stackOf(tid));
    const standing = stacks.filter((stack) => Array.isArray(stack));
    expect(standing.some((stack) => (stack?.length ?? 0) > 1)).toBe(true);
    expect(process_?.stackOf(4_194_000)).toBeUndefined();
  });
  it('is closed', () => {
    expect(() => process_?.close()).not.toThrow();
  });
});

describe('a process that cannot be read', () => {
  it('gives nothing, and leaves nothing open', () => {
    proc = makeProc({ pid: 42, threads: 2 });
    expect(openSampledProcess(proc.root, 42, NO_LIMITS)).toBeUndefined();
    expect(openRunningPython(proc.root, 42, new Map(), NO_LIMITS)).toBeUndefined();
  });
  it('nor does one in which the reader finds nothing', () => {
    expect(withNative(kernelRoot(), process.pid, NO_LIMITS, () => undefined)).toBeUndefined();
    // Node is no Python.
    expect(openRunningPython(kernelRoot(), process.pid, new Map(), NO_LIMITS)).toBeUndefined();
  });
});

it('the time on a processor is the first number of schedstat; a thread that is gone has had none', () => {
  proc = makeProc({
    pid: process.pid,
    threads: [
      { tid: 7, schedstat: '4038129 81210 17\n' },
      { tid: 8, schedstat: 'nonsense\n' },
    ],
  });
  const real = kernelRoot();
  const top = proc.root;
  // Its memory is that of this process, its threads are made up.
  const mixed = { ...real, proc: (...parts: (string | number)[]) => (parts[1] === 'task' ? top : real).proc(...parts) };
  const made = withNative(mixed, process.pid, NO_LIMITS, () => ({ stackOf: () => undefined }));
  expect([7, 8, 9].map((tid) => made?.ranNs(tid))).toEqual([4_038_129, 0, 0]);
  expect(made?.threads()).toEqual([7, 8]);
  made?.close();
});
