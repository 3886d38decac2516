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
    for (let i = 0; i < 50; i += 1) pacer.looked(4);
    expect(pacer.freeMs(0, 0, true)).toBeCloseTo(200, 0);
  });
  it('one dear look counts a fifth, and is forgotten', () => {
    const pacer = new Pacer();
    pacer.looked(10);
    expect(pacer.freeMs(0, 0, true)).toBeCloseTo(100);
    for (let i = 0; i < 20; i += 1) pacer.looked(0);
    expect(pacer.freeMs(0, 0, true)).toBe(5);
  });
  it.each([
    ['a second where the kernel holds', true, 1_000],
    ['a tenth where nothing does', false, 100],
  ])('however dear, it is never later than %s', (_, isHeld, ms) => {
    const pacer = new Pacer();
    for (let i = 0; i < 50; i += 1) pacer.looked(500);
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
    pacer.looked(1_000);
    expect(pacer.trippedMs(stage, nowMs)).toBe(ms);
  });
});
