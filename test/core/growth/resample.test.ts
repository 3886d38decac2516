import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  gridOver,
  latest,
  peak,
  resample,
  type TimedValue,
  thinKeepingPeaks,
  usualStepMs,
} from '../../../src/core/growth/resample.ts';

/** Points in order of time, at distances of 0 to 5 s. */
const timed = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 100_000 })), {
    minLength: 1,
    maxLength: 300,
  })
  .map((rows) => {
    let timeMs = 0;
    return rows.map(([distanceMs, value]): TimedValue => {
      timeMs += distanceMs;
      return { timeMs, value };
    });
  });
const every = (stepMs: number, values: readonly number[]): TimedValue[] =>
  values.map((value, index) => ({ timeMs: index * stepMs, value }));
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

/** A grid over all of a series, of at most `count` points. */
function gridOf(points: readonly TimedValue[], count: number) {
  const startMs = points[0]?.timeMs ?? 0;
  return gridOver(startMs, (points.at(-1)?.timeMs ?? 0) - startMs, usualStepMs(points), count);
}

describe('a series on a grid', () => {
  it('one sample a step stays what it is', () => {
    const points = every(1_000, [5, 3, 9, 1]);
    for (const reduce of [peak, latest]) expect(resample(points, gridOf(points, 100), reduce)).toEqual([5, 3, 9, 1]);
  });
  it('several in a step: the most, or the last of them', () => {
    const points = every(10, [1, 2, 90, 3, 4, 5]);
    const grid = { startMs: 0, stepMs: 50, count: 2, endMs: 50 };
    expect(resample(points, grid, peak)).toEqual([90, 5]);
    expect(resample(points, grid, latest)).toEqual([90, 5]);
  });
  it('a step without a sample has the last one before it, not the peak of the step before', () => {
    const points: TimedValue[] = [
      { timeMs: 0, value: 9 },
      { timeMs: 40, value: 2 },
      { timeMs: 400, value: 7 },
    ];
    expect(resample(points, { startMs: 0, stepMs: 100, count: 5, endMs: 400 }, peak)).toEqual([9, 2, 2, 2, 7]);
  });
  it('what comes after the end does not count', () => {
    expect(resample(every(100, [1, 2, 3, 4]), { startMs: 0, stepMs: 100, count: 2, endMs: 100 }, peak)).toEqual([1, 2]);
  });
  it('nothing gives nothing', () => {
    expect(resample([], gridOver(0, 0, 1, 5), peak)).toEqual([]);
  });
  it('the highest value survives any grid', () => {
    fc.assert(
      fc.property(timed, fc.integer({ min: 1, max: 400 }), (points, count) => {
        const values = resample(points, gridOf(points, count), peak);
        expect(values.length).toBeLessThanOrEqual(count);
        expect(most(values)).toBe(most(points.map(({ value }) => value)));
      }),
    );
  });
  it('the last of a step is a value of the series', () => {
    fc.assert(
      fc.property(timed, fc.integer({ min: 1, max: 400 }), (points, count) => {
        const values = new Set(points.map(({ value }) => value));
        for (const value of resample(points, gridOf(points, count), latest)) expect(values.has(value)).toBe(true);
      }),
    );
  });
});

describe('a grid', () => {
  it.for([
    ['as fine as the samples', 0, 10_000, 1_000, 100, { stepMs: 1_000, count: 11 }],
    ['no finer than what may be drawn', 0, 10_000, 1_000, 6, { stepMs: 2_000, count: 6 }],
    ['one point of a moment', 5, 0, 1, 6, { stepMs: 1, count: 1, endMs: 5 }],
    ['one point when no more may be', 0, 10_000, 1_000, 1, { count: 1, endMs: 10_000 }],
    ['a day in 600 steps', 0, 86_400_000, 1_000, 600, { count: 600 }],
  ] as const)('%s', ([, startMs, spanMs, stepMs, count, want]) => {
    expect(gridOver(startMs, spanMs, stepMs, count)).toMatchObject(want);
  });
});

it('the usual distance does not mind a gap', () => {
  expect(usualStepMs([{ timeMs: 0 }, { timeMs: 10 }, { timeMs: 20 }, { timeMs: 9_000 }])).toBe(10);
  expect([usualStepMs([]), usualStepMs([{ timeMs: 4 }])]).toEqual([1, 1]);
});

describe('thinning for a drawing', () => {
  const value = ({ value: own }: TimedValue): number => own;
  it('few items are all kept', () => {
    const points = every(1, [1, 2, 3]);
    expect(thinKeepingPeaks(points, 3, [value])).toBe(points);
  });
  it.for([
    ['five seconds in a week', 604_800, 300_000, 5],
    ['a minute in a day', 86_400, 43_200, 60],
    ['one sample in the middle of a block', 10_000, 7_777, 1],
    ['the first sample', 10_000, 0, 1],
    ['the last sample', 10_000, 9_999, 1],
  ] as const)('%s: the peak is in it, with its own time', ([, length, from, count]) => {
    const points = every(
      1_000,
      Array.from({ length }, (_, index) => (index >= from && index < from + count ? 5_000 : 400 + (index % 7))),
    );
    const kept = thinKeepingPeaks(points, 600, [value]);
    expect(kept.length).toBeLessThanOrEqual(600);
    const [top] = kept.filter((point) => point.value === 5_000);
    expect(top?.timeMs).toBe(from * 1_000);
    expect([kept[0], kept.at(-1)]).toEqual([points[0], points.at(-1)]);
  });
  it('the peak of every measure survives, in order, and never more items than asked for', () => {
    fc.assert(
      fc.property(timed, fc.integer({ min: 4, max: 100 }), (points, count) => {
        const other = ({ value: own }: TimedValue): number | undefined => (own % 3 === 0 ? undefined : -own);
        const kept = thinKeepingPeaks(points, count, [value, other]);
        expect(kept.length).toBeLessThanOrEqual(Math.max(count, 0));
        expect(most(kept.map(value))).toBe(most(points.map(value)));
        const least = (list: readonly TimedValue[]) => most(list.map((one) => other(one) ?? Number.NEGATIVE_INFINITY));
        expect(least(kept)).toBe(least(points));
        expect(kept.map(({ timeMs }) => timeMs)).toEqual(kept.map(({ timeMs }) => timeMs).sort((a, b) => a - b));
        expect([kept[0], kept.at(-1)]).toEqual([points[0], points.at(-1)]);
      }),
    );
  });
});
