import { describe, expect, it } from 'vitest';
import { gated, gatedCount, mayRepeat } from '../../src/core/gate.ts';

describe('mayRepeat', () => {
  it.for([
    ['after the least time', 1000, 0, 1, 1000, true],
    ['not before it', 999, 0, 1, 1000, false],
    ['a dear one waits a hundred times its cost', 1500, 0, 20, 1000, false],
    ['and then it may', 2000, 0, 20, 1000, true],
  ] as const)('%s', ([, now, last, cost, least, want]) => {
    expect(mayRepeat(now, last, cost, least)).toBe(want);
  });
});

describe('gated', () => {
  it('scans once, then not before its time', () => {
    let now = 0;
    let scans = 0;
    const read = gated(
      () => (scans += 1),
      () => now,
      1000,
      () => 100,
    );
    expect([read(), read()]).toEqual([1, 1]);
    now = 1000;
    expect(read()).toBe(2);
  });
  it('never in a storm: a scan would find thousands of processes', () => {
    let now = 0;
    let scans = 0;
    let host = 100;
    const read = gated(
      () => (scans += 1),
      () => now,
      1000,
      () => host,
    );
    read();
    for (host = 200; host < 1000; host += 100) {
      now += 1000;
      expect(read()).toBe(1);
    }
    now += 1000;
    host = 950;
    expect(read()).toBe(2);
  });
});

describe('gatedCount', () => {
  it('what the host gained since may all be ours', () => {
    let host = 100;
    const read = gatedCount(
      () => host,
      () => 0,
      () => 10,
      1000,
    );
    expect(read()).toBe(10);
    host = 130;
    expect(read()).toBe(40);
    host = 50;
    expect(read()).toBe(10);
  });
  it('counts again early when the host has moved', () => {
    let now = 0;
    let host = 100;
    let ours = 10;
    const read = gatedCount(
      () => host,
      () => now,
      () => ours,
      1000,
    );
    read();
    [now, host, ours] = [100, 200, 90];
    expect(read()).toBe(90);
  });
  it('a count that takes too long is given up, the old one stands, and the next may take longer', () => {
    let now = 0;
    let host = 100;
    /** What one count takes; it asks whether it is late when it is done. */
    let takesMs = 0;
    const read = gatedCount(
      () => host,
      () => now,
      (isLate) => {
        now += takesMs;
        return isLate() ? undefined : 90;
      },
      1000,
    );
    takesMs = 500;
    expect(read(), 'the first has to be made').toBe(90);
    [now, host, takesMs] = [60_000, 200, 150];
    expect(read(), 'given up after 100 ms').toBe(190);
    now += 100;
    expect(read(), '200 ms are enough').toBe(90);
  });
});
