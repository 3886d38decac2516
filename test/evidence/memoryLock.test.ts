import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mayHoldLock, settle } from '../../src/evidence/memoryLock.ts';
import { type FakeProc, makeProc } from '../fixtures/procTree.ts';
import { FakeClock } from './builders/fakeClock.ts';

let proc: FakeProc;
beforeEach(() => {
  proc = makeProc();
});
afterEach(() => proc.remove());

const CROWD = 8 * availableParallelism();
const running = (count: number): void => writeFileSync(proc.root.proc('loadavg'), `9.00 5.00 2.00 ${count}/900 1234\n`);
const put = (pid: number, states: string): void =>
  proc.put({ pid, threads: [...states].map((state, index) => ({ tid: pid + index, state })) });

describe('a process whose memory may have to be waited for', () => {
  it.each<[string, string, number, boolean]>([
    ['one that runs, in a crowd', 'R', CROWD, true],
    ['one that waits in the kernel, in a crowd', 'D', CROWD, true],
    ['one of its threads runs', 'SSSR', CROWD, true],
    ['not where a processor is to be had', 'R', CROWD - 1, false],
    ['not one that sleeps', 'S', CROWD, false],
    ['not one that is stopped', 'T', CROWD, false],
    ['not one of many threads: it is seldom making maps', 'RRRRRRRRR', CROWD, false],
  ])('%s', (_, states, count, want) => {
    put(10, states);
    running(count);
    expect(mayHoldLock(proc.root, 10)).toBe(want);
  });
  it('not one that is gone, and not where the kernel does not say how many run', () => {
    put(10, 'R');
    expect(mayHoldLock(proc.root, 10)).toBe(false);
    running(CROWD);
    expect(mayHoldLock(proc.root, 11)).toBe(false);
  });
});

describe('settling', () => {
  const stoppable = (pids: readonly number[]) => {
    const clock = new FakeClock();
    const did: string[] = [];
    const stop = (pid: number) => {
      did.push(`stop ${pid}`);
      return () => void did.push(`go on ${pid}`);
    };
    /** It stands still after so many waits. */
    const wait = (after: number) => {
      let waits = 0;
      return (ms: number): void => {
        clock.pass(ms);
        waits += 1;
        if (waits === after) for (const pid of pids) put(pid, 'T');
      };
    };
    return { clock, did, stop, wait };
  };
  it('stops what forks in a crowd until it holds no lock, and lets it go on once', () => {
    put(10, 'R');
    put(20, 'S');
    running(CROWD);
    const { clock, did, stop, wait } = stoppable([10]);
    const settled = settle(proc.root, [10, 20], { now: clock.now, pause: () => undefined, stop, wait: wait(3) });
    expect(did).toEqual(['stop 10', 'stop 20']);
    settled.tick();
    expect([settled.end(), settled.end()]).toEqual([3, 3]);
    expect(did.slice(2)).toEqual(['go on 10', 'go on 20']);
  });
  it('waits no longer than a hundred milliseconds', () => {
    put(10, 'R');
    running(CROWD);
    const { clock, stop, wait } = stoppable([]);
    const startMs = clock.now();
    settle(proc.root, [10], { now: clock.now, pause: () => undefined, stop, wait: wait(0) });
    expect(clock.now() - startMs).toBe(100);
    expect(mayHoldLock(proc.root, 10)).toBe(true);
  });
  it('lets it go on after two hundred, whatever was read', () => {
    put(10, 'R');
    running(CROWD);
    const { clock, did, stop, wait } = stoppable([10]);
    const settled = settle(proc.root, [10], { now: clock.now, pause: () => undefined, stop, wait: wait(1) });
    clock.pass(198);
    settled.tick();
    expect(did).toEqual(['stop 10']);
    clock.pass(1);
    settled.tick();
    expect(did).toEqual(['stop 10', 'go on 10']);
  });
  it('one act stops all where that can be done', () => {
    put(10, 'R');
    running(CROWD);
    const { clock, did, stop, wait } = stoppable([10]);
    const settled = settle(proc.root, [10], {
      now: clock.now,
      pause: (pid, until) => {
        did.push(`freeze ${pid} ${until}`);
        return () => void did.push('thaw');
      },
      stop,
      wait: wait(1),
    });
    settled.end();
    expect(did).toEqual(['freeze 10 whole', 'thaw']);
  });
  it.each([
    ['what may not be stopped', 'R', CROWD, undefined],
    ['what sleeps', 'S', CROWD, () => undefined],
    ['anything where processors are to be had', 'R', 1, () => undefined],
  ])('does not stop %s', (_, state, count, pause) => {
    put(10, state);
    running(count);
    const { clock, did, stop, wait } = stoppable([]);
    const startMs = clock.now();
    const settled = settle(proc.root, [10], { now: clock.now, pause, stop, wait: wait(0) });
    expect([did, settled.end(), clock.now() - startMs]).toEqual([[], 0, 0]);
  });
  it('stops a few of many', () => {
    for (let pid = 100; pid < 200; pid += 1) put(pid, 'R');
    running(CROWD);
    const { clock, did, stop, wait } = stoppable([]);
    const pids = Array.from({ length: 100 }, (_, index) => 100 + index);
    settle(proc.root, pids, { now: clock.now, pause: () => undefined, stop, wait: wait(0) });
    expect(did).toHaveLength(32);
  });
});
