import { describe, expect, it } from 'vitest';
import { Pacer } from '../../src/engine/pacer.ts';
import type { Stage } from '../../src/policy/escalation.ts';

const FAR = Number.POSITIVE_INFINITY;

describe('a target that is free', () => {
  it.each<[string, number, number, boolean, number]>([
    ['far away', FAR, 0, true, 1_000],
    ['at its line', 0, 0, true, 5],
    ['above it', -500, 0, true, 5],
    ['400 tasks away from a cap', 400, 0, true, 100],
    ['the same with growth that was seen', 400, 4_000, true, 50],
    ['growth slower than the table changes nothing', 400, 1_000, true, 100],
    ['half of the way where nothing holds', 10_000, 0, false, 100],
  ])('%s', (_, distance, fastest, isHeld, ms) => {
    expect(new Pacer().freeMs(distance, fastest, isHeld)).toBe(ms);
  });
  it('dear looks are made less often', () => {
    const pacer = new Pacer();
    for (let i = 0; i < 50; i += 1) pacer.looked(4, 4 * i);
    expect(pacer.freeMs(0, 0, true)).toBeCloseTo(200, 0);
  });
  it('the first ones are dear, and that is no reason to look away', () => {
    const pacer = new Pacer();
    for (let i = 1; i <= 9; i += 1) pacer.looked(10, 15 * i);
    expect(pacer.freeMs(0, 0, false)).toBe(5);
    pacer.looked(20, 200);
    expect(pacer.freeMs(0, 0, false)).toBe(100);
  });
  it('one dear look counts a fifth, and is forgotten', () => {
    const pacer = new Pacer();
    pacer.looked(100, 0);
    expect(pacer.freeMs(0, 0, true)).toBeCloseTo(1_000);
    for (let i = 0; i < 20; i += 1) pacer.looked(0, 0);
    expect(pacer.freeMs(0, 0, true)).toBeCloseTo(11.5, 1);
    pacer.looked(0, 100);
    expect(pacer.freeMs(0, 0, true)).toBe(5);
  });
  it('in the long run looks take a fiftieth of a core at most', () => {
    const pacer = new Pacer();
    let [nowMs, spentMs] = [0, 0];
    while (nowMs < 60_000) {
      pacer.looked(3, nowMs + 3);
      nowMs += 3 + pacer.freeMs(0, 0, true);
      spentMs += 3;
    }
    expect(spentMs / nowMs).toBeLessThan(0.022);
  });
  it.each([
    ['a second where the kernel holds', true, 1_000],
    ['a tenth where nothing does', false, 100],
  ])('however dear, it is never later than %s', (_, isHeld, ms) => {
    const pacer = new Pacer();
    for (let i = 0; i < 50; i += 1) pacer.looked(500, 500 * i);
    expect(pacer.freeMs(0, 0, isHeld)).toBe(ms);
  });
});

describe('a target on the ladder', () => {
  const stage = {
    at: 'killed',
    sinceMs: 10_000,
    because: { level: 'trip', cause: 'budget', ceiling: 'pids.max', unit: 'tasks' },
    reach: { until: 'kill', graceMs: 1, patienceMs: 1 },
  } satisfies Stage;
  it.each([
    [10_000, 5],
    [11_999, 5],
    [12_000, 50],
    [90_000, 50],
  ])('at %d ms the next look comes in %d', (nowMs, ms) => {
    const pacer = new Pacer();
    // Nothing holds it back here: this is what the guard is for.
    pacer.looked(1_000, 0);
    expect(pacer.trippedMs(stage, nowMs)).toBe(ms);
  });
});
