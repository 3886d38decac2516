import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeCeiling } from '../../src/core/ceiling.ts';
import type { Ceiling } from '../../src/core/model.ts';
import { penTasks } from '../../src/core/pen.ts';

const facts = { source: '', raise: '' };
const cgroup = (path: string, used: number, limit: Ceiling['limit']): Ceiling =>
  makeCeiling({ ...facts, name: 'pids.max', path, scope: 'cgroup', unit: 'tasks', used, limit });
const threads = (used: number, limit: number): Ceiling =>
  makeCeiling({ ...facts, name: 'kernel.threads-max', scope: 'host', unit: 'tasks', used, limit });
const none = (): boolean => false;
/** A pen in which nothing happens while its surroundings are read. */
const still = (inside: number) => ({ before: inside, after: inside, limit: undefined });
const FIVE = { share: 0.05, atLeast: 16 };

describe('the sum of what all guards of a place may hold', () => {
  it.each<[string, readonly Ceiling[], number, number | undefined]>([
    ['all but the reserve', [cgroup('/a', 0, 2_000)], 0, 1_900],
    ['what others hold counts', [cgroup('/a', 500, 2_000)], 0, 1_400],
    ['what stands inside stays allowed', [cgroup('/a', 500, 2_000)], 500, 1_900],
    ['at least sixteen stay free', [cgroup('/a', 0, 100)], 0, 84],
    ['the tightest counts', [cgroup('/a', 0, 2_000), threads(0, 1_000)], 0, 950],
    ['none is left', [cgroup('/a', 2_000, 2_000)], 10, 10],
    ['never more than all but the reserve', [cgroup('/a', 100, 2_000)], 1_800, 1_900],
    ['never below one', [cgroup('/a', 2_000, 2_000)], 0, 1],
    ['no limit', [cgroup('/a', 5, 'unlimited')], 5, undefined],
    ['unknown is not a number', [cgroup('/a', 5, 'unknown')], 5, undefined],
  ])('%s', (_, ceilings, inside, want) => {
    expect(penTasks(ceilings, still(inside), FIVE, none)).toBe(want);
  });
  it.each([
    ['a burst in it: the limit stays', 27, 429, 1_500, 1_500],
    ['an end of many in it: the limit stays', 429, 27, 1_500, 1_500],
    ['what is certain moves it down', 27, 40, 1_800, 1_440],
    ['what is certain moves it up', 27, 40, 900, 1_427],
    ['as many came as went: the limit stays', 400, 400, 1_850, 1_850, 100],
    ['without a limit it gets the most that may be', 27, 429, undefined, 1_829],
  ])('%s', (_, before, after, limit, want, created = 0) => {
    expect(penTasks([cgroup('/a', 500, 2_000)], { before, after, created, limit }, FIVE, none)).toBe(want);
  });
  it('a limit within it is not around it', () => {
    const isInside = ({ path }: Ceiling) => path === '/a/pen/x';
    expect(penTasks([cgroup('/a', 0, 2_000), cgroup('/a/pen/x', 0, 10)], still(0), FIVE, isInside)).toBe(1_900);
  });
  it('the reserve is free whatever is inside and outside', () => {
    fc.assert(
      fc.property(fc.nat(3_000), fc.nat(3_000), fc.integer({ min: 100, max: 6_000 }), (inside, outside, limit) => {
        const tasks = penTasks([cgroup('/a', inside + outside, limit)], still(inside), FIVE, none) as number;
        const reserve = Math.max(16, Math.ceil(limit * 0.05));
        // Where the reserve was used before, no more is let in than stands there.
        expect(tasks + outside <= limit - reserve || tasks <= Math.max(1, inside)).toBe(true);
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});
