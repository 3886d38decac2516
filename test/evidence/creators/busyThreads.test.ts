import { describe, expect, it } from 'vitest';
import { busiestThreads, letRun, oldestFirst } from '../../../src/evidence/creators/busyThreads.ts';
import { FakeSampled } from '../builders/fakeSampled.ts';

describe('oldestFirst', () => {
  it.for([
    ['the first thread leads', 100, [102, 100, 101], [100, 101, 102]],
    // A directory sorted as text hid the thread that made all others behind 256 that waited.
    ['a directory is sorted as text', 8215, [10_895, 10_896, 8215, 9000], [8215, 9000, 10_895, 10_896]],
    ['numbers begin again at the bottom', 32_000, [301, 302, 32_000, 32_767], [32_000, 32_767, 301, 302]],
    ['nobody', 1, [], []],
  ] as const)('%s', ([, pid, tids, sorted]) => {
    expect(oldestFirst(pid, tids)).toEqual(sorted);
  });
});

describe('busiestThreads', () => {
  const idle = Array.from({ length: 50 }, (_, index) => ({ tid: 200 + index }));
  it('those that use a processor now, and those that have used it most so far', () => {
    const process = new FakeSampled([
      ...idle,
      { tid: 100, busy: 0.9 },
      { tid: 101, busy: 0.5 },
      { tid: 102, ranMs: 5_000 },
      { tid: 103, ranMs: 4_000 },
      { tid: 104, ranMs: 3_000, busy: 0.1 },
    ]);
    expect(busiestThreads(process, 100, process.search(100))).toEqual([100, 101, 102, 103]);
  });
  it('a thread that is both is looked at once', () => {
    const process = new FakeSampled([...idle, { tid: 100, busy: 1, ranMs: 9_000 }]);
    expect(busiestThreads(process, 100, process.search(100)).filter((tid) => tid === 100)).toHaveLength(1);
  });
  it('takes ten milliseconds', () => {
    const process = new FakeSampled(idle);
    busiestThreads(process, 200, process.search(100));
    expect(process.clock.waitedMs).toBe(10);
  });
  it('compares the oldest 256: who makes the others is among them', () => {
    const many = Array.from({ length: 300 }, (_, index) => ({ tid: 1_000 + index, busy: index === 299 ? 1 : 0 }));
    const process = new FakeSampled([{ tid: 999, busy: 0.2 }, ...many]);
    expect(busiestThreads(process, 999, process.search(100))).not.toContain(1_299);
  });
  it('a process without threads', () => {
    const process = new FakeSampled([]);
    expect(busiestThreads(process, 1, process.search(100))).toEqual([]);
  });
});

describe('letRun', () => {
  it.for([
    ['until they have run for so long', 1, 0.5, 1],
    ['together', 0.25, 0.5, 2],
    ['30 ms at most: who gets no processor waits', 0, 0.5, 30],
    ['a thread that runs already needs a look', 1, 0, 1],
  ] as const)('%s', ([, busy, forMs, waitedMs]) => {
    const process = new FakeSampled([{ tid: 1, busy }]);
    letRun(process, [1], forMs * 1e6, process.search(1_000));
    expect(process.clock.waitedMs).toBe(waitedMs);
  });
  it('no longer than there is time', () => {
    const process = new FakeSampled([{ tid: 1 }]);
    letRun(process, [1], 1e9, process.search(5));
    expect(process.clock.waitedMs).toBe(5);
  });
});
