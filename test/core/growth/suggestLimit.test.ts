import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suggestLimit } from '../../../src/core/growth/suggestLimit.ts';

const recording = (tasks: readonly number[], stepMs = 1_000, label = 'a') => ({
  label,
  points: tasks.map((value, index) => ({ timeMs: index * stepMs, value })),
});
const flat = (value: number, count = 120) => Array.from({ length: count }, (_, index) => value + (index % 2));
/** Flat, but for `count` samples from `from` on. */
const spiked = (length: number, from: number, count: number, height = 5_000) =>
  Array.from({ length }, (_, index) => (index >= from && index < from + count ? height : 400 + (index % 7)));

describe('a limit', () => {
  it.each<[string, number[], number]>([
    ['half of the peak on top', flat(400), 610],
    ['a small reserve for a small service', flat(10), 75],
    ['room for the largest burst', [...flat(100, 60), ...flat(400, 60)], 710],
    ['nothing but one sample', [10], 74],
  ])('%s', (_, tasks, want) => {
    expect(suggestLimit([recording(tasks)]).limit).toBe(want);
  });
  it('none of a series that grows', () => {
    const { limit, reasons } = suggestLimit([recording(Array.from({ length: 120 }, (_, index) => 50 + index))]);
    expect([limit, reasons.at(-1)]).toEqual([
      undefined,
      'no limit follows from a series that grows: find the leak first',
    ]);
  });
  it('of several recordings the most; of few samples with a warning', () => {
    expect(suggestLimit([recording(flat(100)), recording(flat(200))]).limit).toBe(310);
    expect(suggestLimit([recording(flat(100, 20))]).reasons.join('\n')).toMatch(/only 20 samples[\s\S]*are few/);
  });
});

describe('the peak of a long recording', () => {
  it.for([
    ['a minute in a day', 86_400, 43_230, 60],
    ['five seconds in a week', 604_800, 300_001, 5],
    ['the first sample of a day', 86_400, 0, 1],
    ['the last sample of a day', 86_400, 86_399, 1],
  ] as const)('%s is the most it ever held', ([, length, from, count]) => {
    const { limit, reasons } = suggestLimit([recording(spiked(length, from, count))]);
    expect(reasons[0]).toBe('a stays at 403, with a peak of 5,000');
    expect(reasons[1]).toMatch(/^the most it ever held is 5,000; /);
    expect(limit).toBeGreaterThanOrEqual(7_500);
  });
  it('survives any length, place and distance of samples', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000 }),
        fc.nat(),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 50, max: 60_000 }),
        (length, at, count, stepMs) => {
          const { reasons } = suggestLimit([recording(spiked(length, at % length, count), stepMs)]);
          expect(reasons.join('\n')).toMatch(/the most it ever held is 5,000;|find the leak first/);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a burst', () => {
  const burst = (tasks: readonly number[], stepMs: number) =>
    /the largest burst \(([\d,]+) in 10 s\)/.exec(suggestLimit([recording(tasks, stepMs)]).reasons.join('\n'))?.[1];
  const rising = [...flat(100, 60), 150, 250, 400, ...flat(400, 60)];
  it.for([
    ['within ten seconds it counts as one', 1_000, '301'],
    ['over a longer time it is the largest part of it', 5_000, '250'],
    ['at one sample a minute there is none', 60_000, undefined],
  ] as const)('%s', ([, stepMs, want]) => expect(burst(rising, stepMs)).toBe(want));
  it('is the rise from the lowest of the ten seconds before, as by the rule itself', () => {
    const tasks = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 2, maxLength: 80 });
    fc.assert(
      fc.property(tasks, fc.integer({ min: 500, max: 4_000 }), (values, stepMs) => {
        const rises = values.flatMap((value, index) =>
          values.slice(0, index).flatMap((low, before) => ((index - before) * stepMs <= 10_000 ? [value - low] : [])),
        );
        const largest = Math.max(0, ...rises);
        const most = Math.max(...values);
        const { limit } = suggestLimit([recording(values, stepMs)]);
        if (limit !== undefined) {
          // To two places: never less than what was worked out, and less than one unit of the second place more.
          const exact = most + Math.max(64, largest, most / 2);
          expect(limit).toBeGreaterThanOrEqual(exact);
          expect(limit).toBeLessThan(exact * 1.1 + 1);
        }
      }),
    );
  });
});
