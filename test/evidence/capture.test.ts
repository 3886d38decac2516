import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBaseline } from '../../src/evidence/baseline.ts';
import { type CaptureParts, capture } from '../../src/evidence/capture.ts';
import { lastWords } from '../../src/evidence/lastWords.ts';
import { type FakeProc, type FakeThread, makeProc } from '../fixtures/procTree.ts';
import { FakeClock } from './builders/fakeClock.ts';

const READING = '0 0x3 0x0 0x0 0x0 0x0 0x0 0x7ffc00 0x1010\n';
const threads = (first: number, count: number, name: string, startTime: number): FakeThread[] =>
  Array.from({ length: count }, (_, index) => ({
    tid: first + index,
    name: `${name}-${index}`,
    startTime,
    syscall: READING,
  }));

let proc: FakeProc;
let clock: FakeClock;
let parts: CaptureParts;
beforeEach(() => {
  proc = makeProc({ pid: 42, threads: threads(42, 3, 'old', 100) });
  writeFileSync(proc.root.proc('uptime'), '2.50 9.00\n');
  clock = new FakeClock();
  parts = {
    root: proc.root,
    libc: undefined,
    now: clock.now,
    pause: () => undefined,
    recording: undefined,
    jvmOutput: undefined,
  };
});
afterEach(() => proc.remove());

describe('readBaseline', () => {
  it('the moment in clock ticks, and how many threads have each name', () => {
    expect(readBaseline(proc.root, [42], clock.now)).toEqual({ atTicks: 250, names: new Map([['old-N', 3]]) });
  });
  it('of several processes, and of one that is gone', () => {
    proc.put({ pid: 50, threads: threads(50, 2, 'old', 100) });
    expect(readBaseline(proc.root, [42, 50, 99], clock.now).names).toEqual(new Map([['old-N', 5]]));
  });
  it('takes 100 ms at most', () => {
    proc.put({ pid: 42, threads: threads(42, 30, 'old', 100) });
    const slow = new FakeClock(10);
    const { names } = readBaseline(proc.root, [42], slow.now);
    expect(names.get('old-N')).toBeLessThan(12);
    expect(slow.nowMs).toBeLessThan(1_000 + 100 + 3 * 10);
  });
});

const LIMITS = { timeoutMs: 500, mayStop: true };

describe('capture', () => {
  it.for([
    ['has ended', { state: 'Z' }, {}, 'it had ended'],
    ['belongs to somebody else', {}, {}, 'they may be read by its own user or with CAP_SYS_PTRACE only'],
    ['has no maps to read just now', {}, { mem: '' }, 'the kernel had a lock on its memory'],
  ] as const)('says why there are no stacks of a process that %s', ([, thread, files, want]) => {
    proc.put({ pid: 42, threads: [{ tid: 42, ...thread }], files });
    expect(capture(parts, [42], undefined, LIMITS).notes.join()).toContain(`no stacks of process 42: ${want}`);
  });
  it('what there is, and what has grown since the baseline', () => {
    const baseline = readBaseline(proc.root, [42], clock.now);
    proc.put({ pid: 42, threads: [...threads(42, 3, 'old', 100), ...threads(60, 5, 'new', 400)] });
    const found = capture(parts, [42], baseline, LIMITS);
    expect(found.groups.map(({ count, grew, names, wait }) => [count, grew, names[0]?.name, wait])).toEqual([
      [5, 5, 'new-N', 'read'],
      [3, 0, 'old-N', 'read'],
    ]);
    expect(found.coverage).toEqual({
      found: 8,
      covered: 0,
      named: 8,
      tookMs: 0,
      stops: 0,
      stoppedMs: 0,
      longestStopMs: 0,
    });
    expect(found.creators).toEqual([]);
    expect(found.notes.join()).toContain('no stacks of process 42: they may be read by its own user');
  });
  it('without a baseline all of it is new', () => {
    expect(capture(parts, [42], undefined, LIMITS).groups.map(({ grew }) => grew)).toEqual([3]);
  });
  it('of one that has not tripped stops nothing', () => {
    const pause = () => {
      throw new Error('must not be stopped');
    };
    const found = capture({ ...parts, pause }, [42], undefined, { timeoutMs: 500, mayStop: false });
    expect(found.coverage).toMatchObject({ found: 3, stops: 0 });
  });
  it('of a target that has ended', () => {
    const found = capture(parts, [99], undefined, LIMITS);
    expect(found).toMatchObject({ groups: [], creators: [], runtimes: [], files: [], coverage: { found: 0 } });
  });
  it('names are read in the time that it has, and it says what is missing', () => {
    proc.put({ pid: 42, threads: threads(42, 60, 'old', 100) });
    const slow = new FakeClock(5);
    const found = capture({ ...parts, now: slow.now }, [42], undefined, LIMITS);
    expect(found.coverage.named).toBeLessThan(60);
    expect(found.coverage.named).toBeGreaterThan(5);
    expect(slow.nowMs).toBeLessThan(1_000 + 500);
    expect(found.notes.join()).toMatch(/tasks ended while they were read, or there was no more time/);
  });
});

describe('lastWords', () => {
  const GOROUTINE = `goroutine 7 [syscall]:
main.park()
\t/app/server.go:16 +0x45
created by main.spawn
\t/app/server.go:35 +0x2a
`;
  it('Go says for every goroutine who made it', () => {
    const { creators, files } = lastWords({ said: `fatal error: newosproc\n\n${GOROUTINE}`, recording: undefined });
    expect(creators).toMatchObject([{ count: 1, share: 1, frames: [{ function: 'main.spawn', line: 35 }] }]);
    expect(files).toEqual([{ name: 'goroutines.txt', text: expect.stringContaining('goroutine 7') }]);
  });
  it('a JVM recorded every start', () => {
    const frames = [{ function: 'java.lang.Thread.start' }, { function: 'com.acme.Pool.grow' }];
    const recording = {
      read: () => [
        { runtime: 'jvm' as const, frames },
        { runtime: 'jvm' as const, frames },
      ],
    };
    const { creators, files } = lastWords({ said: '', recording: recording as never });
    expect(creators).toMatchObject([{ count: 2, source: 'the JVM recorded 2 thread starts' }]);
    expect(files).toEqual([]);
  });
  it('others say nothing that is understood', () => {
    expect(lastWords({ said: 'Traceback (most recent call last):\n', recording: undefined })).toEqual({
      creators: [],
      files: [],
    });
  });
});
