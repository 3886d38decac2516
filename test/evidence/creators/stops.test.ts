import { describe, expect, it } from 'vitest';
import { rankCreators } from '../../../src/core/creators.ts';
import type { Frame } from '../../../src/core/stack.ts';
import { sampleByStops } from '../../../src/evidence/creators/stops.ts';
import { FakeSampled, MAKING, WAITING } from '../builders/fakeSampled.ts';

/** A process with one busy thread, and some that wait. */
const busyWith = (stack: (look: number) => readonly Frame[] | 'running' | undefined): FakeSampled =>
  new FakeSampled([
    { tid: 42, busy: 1, stack },
    ...Array.from({ length: 20 }, (_, index) => ({ tid: 43 + index, stack: () => WAITING })),
  ]);
const sample = (process: FakeSampled, timeoutMs = 200, stopMs = timeoutMs) =>
  sampleByStops(() => process, 42, process.search(timeoutMs, stopMs));
const caught = (samples: ReturnType<typeof sample>['samples']): number =>
  samples.filter(({ frames }) => frames === MAKING).length;

describe('who makes threads is caught in stops', () => {
  it('again and again, until the time is up', () => {
    const process = busyWith(() => MAKING);
    const { samples, stops } = sample(process);
    expect(stops).toBeGreaterThan(20);
    expect(caught(samples)).toBe(stops);
    const [creator] = rankCreators(samples, () => '');
    expect(creator?.frames[0]?.function).toBe('spawn');
  });
  it('the process goes on after each of them, and in the end', () => {
    const process = busyWith((look) => {
      if (look % 2 === 1) expect(process.isStopped).toBe(true);
      return MAKING;
    });
    sample(process);
    expect([process.isStopped, process.isClosed]).toEqual([false, true]);
  });
  it('also if reading a stack fails', () => {
    const process = busyWith(() => {
      throw new Error('unreadable');
    });
    expect(() => sample(process)).toThrow('unreadable');
    expect([process.isStopped, process.isClosed]).toEqual([false, true]);
  });
  it('runs between two of them: each shows another moment', () => {
    const process = busyWith(() => MAKING);
    const { stops } = sample(process);
    // Half a millisecond of processor time, waited for in steps of one.
    expect(process.clock.waitedMs).toBe(10 + (stops - 1));
  });
  it('only its busiest threads are looked at', () => {
    const process = busyWith(() => MAKING);
    sample(process);
    expect(process.looked.size).toBeLessThanOrEqual(4);
    expect(process.looked).toContain(42);
  });
});

describe('when it ends', () => {
  it('after eight stops that caught nobody', () => {
    const { samples, stops } = sample(busyWith(() => WAITING));
    expect(stops).toBe(8);
    expect(samples.length).toBeGreaterThan(0);
  });
  it('after a hundred and fifty', () => {
    const process = busyWith(() => MAKING);
    process.lookMs = 0.01;
    expect(sample(process, 10_000).stops).toBe(150);
  });
  it('before the process has stood still for longer than it may', () => {
    const process = busyWith(() => MAKING);
    process.stopMs = 7;
    const { longestStopMs, stoppedMs, stops } = sample(process, 1_000, 50);
    expect(stops).toBeGreaterThan(3);
    expect(stoppedMs).toBeLessThanOrEqual(50);
    expect(stoppedMs + longestStopMs).toBeGreaterThan(50);
  });
  it('before its time is over: a stop that would not fit is not begun', () => {
    const process = busyWith(() => MAKING);
    process.stopMs = 30;
    const startMs = process.clock.nowMs;
    sample(process, 100);
    expect(process.clock.nowMs - startMs).toBeLessThanOrEqual(100);
  });
  it('at once, if it cannot be stopped', () => {
    const process = busyWith(() => MAKING);
    const search = { ...process.search(200), pause: () => undefined };
    expect(sampleByStops(() => process, 42, search)).toMatchObject({ samples: [], stops: 0, stoppedMs: 0 });
  });
  it.for([
    ['it must not be stopped', 0, 200],
    ['there is no time', 200, 0],
  ] as const)('at once, if %s', ([, stopMs, timeoutMs]) => {
    const process = busyWith(() => MAKING);
    expect(sample(process, timeoutMs, stopMs).stops).toBe(0);
    expect(process.stops).toBe(0);
  });
  it('at once, if it cannot be read', () => {
    const process = busyWith(() => MAKING);
    expect(sampleByStops(() => undefined, 42, process.search(200)).samples).toEqual([]);
  });
});

describe('threads that do not stand still', () => {
  it('a thread on another processor is waited for', () => {
    const process = busyWith((look) => (look % 4 === 3 ? MAKING : 'running'));
    const { samples, stops } = sample(process);
    expect(caught(samples)).toBe(stops);
  });
  it('20 ms at most: then the others count', () => {
    const process = busyWith(() => 'running');
    const { longestStopMs, samples } = sample(process, 300);
    expect(longestStopMs).toBeLessThan(25);
    expect(samples.every(({ frames }) => frames === WAITING)).toBe(true);
  });
  it('a thread that is gone is left out', () => {
    const { samples } = sample(busyWith((look) => (look === 0 ? MAKING : undefined)));
    expect(caught(samples)).toBe(1);
  });
});

it('what it cost is counted', () => {
  const process = busyWith(() => MAKING);
  process.stopMs = 4;
  const { longestStopMs, stoppedMs, stops } = sample(process, 100);
  expect(longestStopMs).toBeGreaterThan(4);
  expect(stoppedMs).toBeCloseTo(stops * longestStopMs, 0);
});
