import { describe, expect, it } from 'vitest';
import { type ColdFacts, coldIntervalMs, mayCool, nextFloor, shouldWake } from '../../src/policy/temperature.ts';

const cold: ColdFacts = { tasks: 100, floor: 100, line: 1_000, refusedNow: 0 };
const HALF_LIFE_MS = 600_000;

describe('a cold target wakes', () => {
  it.each<[string, Partial<ColdFacts>, boolean]>([
    ['not while it stands still', {}, false],
    ['not for 63 tasks more', { tasks: 163 }, false],
    ['for 64', { tasks: 164 }, true],
    ['a large one not for 64', { tasks: 1_064, floor: 1_000, line: 10_000 }, false],
    ['nor just below a quarter of it', { tasks: 1_249, floor: 1_000, line: 10_000 }, false],
    ['but for a quarter', { tasks: 1_250, floor: 1_000, line: 10_000 }, true],
    ['for one refusal', { refusedNow: 1 }, true],
    ['at half of its line, however slowly it came there', { tasks: 500, floor: 499 }, true],
    ['not just below that', { tasks: 499, floor: 499 }, false],
    ['without a line not for its size', { tasks: 50_000, floor: 50_000, line: undefined }, false],
    ['without a line for its growth', { tasks: 164, line: undefined }, true],
    ['from nothing', { tasks: 64, floor: 0 }, true],
    ['not when it shrinks', { tasks: 10 }, false],
    ['small lines wake early', { tasks: 5, floor: 5, line: 10 }, true],
  ])('%s', (_, over, want) => {
    expect(shouldWake({ ...cold, ...over })).toBe(want);
  });
});

describe('the floor', () => {
  it('falls at once', () => {
    expect(nextFloor(500, 20, 1)).toBe(20);
  });
  it('rises half of the way in ten minutes', () => {
    expect(nextFloor(100, 300, HALF_LIFE_MS)).toBeCloseTo(200, 6);
  });
  it('does not rise in no time', () => {
    expect(nextFloor(100, 300, 0)).toBe(100);
  });
  it('is never above what the target holds', () => {
    expect(nextFloor(100, 300, 1e12)).toBeLessThanOrEqual(300);
  });
  it('is the same in many small steps as in one', () => {
    let floor = 100;
    for (let n = 0; n < 600; n += 1) floor = nextFloor(floor, 300, HALF_LIFE_MS / 600);
    expect(floor).toBeCloseTo(nextFloor(100, 300, HALF_LIFE_MS), 6);
  });
  it.each([
    ['a leak of a task a second wakes', 1, true],
    ['a program that settles within an hour does not', 0.01, false],
  ])('%s', (_, perSecond, want) => {
    let floor = 100;
    let isAwake = false;
    for (let second = 5; second <= 3_600; second += 5) {
      const tasks = 100 + second * perSecond;
      floor = nextFloor(floor, tasks, 5_000);
      isAwake ||= shouldWake({ tasks, floor, line: undefined, refusedNow: 0 });
    }
    expect(isAwake).toBe(want);
  });
});

describe('a warm target may be cold again', () => {
  const calm = { stage: 'calm', calmForMs: 120_000, tasks: 100, line: 1_000 };
  it.each<[string, Partial<typeof calm> & { line?: number | undefined }, boolean]>([
    ['after two calm minutes far from its line', {}, true],
    ['not before', { calmForMs: 119_999 }, false],
    ['just below two fifths of its line', { tasks: 399 }, true],
    ['not at two fifths', { tasks: 400 }, false],
    ['without a line it is always far', { tasks: 1e6, line: undefined as never }, true],
    ['not while it is warned', { stage: 'warned' }, false],
    ['not while it is clamped', { stage: 'clamped', calmForMs: 1e9 }, false],
  ])('%s', (_, over, want) => {
    expect(mayCool({ ...calm, ...over })).toBe(want);
  });
  it('one that has just cooled does not wake at once by where it stands', () => {
    for (let tasks = 1; tasks < 1_000; tasks += 1)
      if (mayCool({ ...calm, tasks })) expect(shouldWake({ ...cold, tasks, floor: tasks })).toBe(false);
  });
});

describe('the next glance at a cold one', () => {
  it.each<[string, number | undefined, number, number]>([
    ['as long as it takes at 4,000 a second to half of its line', 10_000, 1_000, 1_000],
    ['never later than five seconds', 1e6, 0, 5_000],
    ['five seconds without a line', undefined, 1e6, 5_000],
    ['never sooner than a tenth', 1_000, 499, 100],
    ['nor beyond half of it', 1_000, 900, 100],
    ['exactly at the slowest', 40_000, 0, 5_000],
  ])('comes %s', (_, line, tasks, want) => {
    expect(coldIntervalMs({ line, tasks })).toBe(want);
  });
});
