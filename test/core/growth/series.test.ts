import fc from 'fast-check';
import { median as medianOf } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { blockMedians, lagOne, median, theilSen } from '../../../src/core/growth/series.ts';

const numbers = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 2, maxLength: 50 });

describe('the median', () => {
  it('is that of the library, whatever the order', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        expect(median(values)).toBeCloseTo(medianOf(values), 9);
      }),
    );
  });
  it('does not change the list, and an empty one has none', () => {
    const values = [3, 1, 2];
    expect([median(values), values]).toEqual([2, [3, 1, 2]]);
    expect(median([])).toBeNaN();
  });
});

describe('medians of blocks', () => {
  it.for([
    ['few stay as they are', [3, 1, 2], 5, [3, 1, 2]],
    ['many become medians', [1, 100, 3, 4, 5, 6], 2, [3, 5]],
    ['blocks of uneven length', [1, 2, 3, 4, 5], 2, [1.5, 4]],
    ['one block', [9, 1, 5], 1, [5]],
    ['nothing', [], 3, []],
  ] as const)('%s', ([, values, most, want]) => expect(blockMedians(values, most)).toEqual(want));
  it('are never more than asked for, and lie within the series', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 60 }), (values, most) => {
        const medians = blockMedians(values, most);
        expect(medians.length).toBe(Math.min(most, values.length));
        expect(Math.max(...medians)).toBeLessThanOrEqual(Math.max(...values));
        expect(Math.min(...medians)).toBeGreaterThanOrEqual(Math.min(...values));
      }),
    );
  });
});

describe('the Theil–Sen slope', () => {
  it('of a line is its slope, also when every fourth point is anything', () => {
    const line = Array.from({ length: 40 }, (_, index) => 5 + 2 * index);
    expect(theilSen(line)).toBeCloseTo(2, 9);
    expect(theilSen(line.map((value, index) => (index % 4 === 1 ? 10_000 : value)))).toBeCloseTo(2, 0);
  });
  it('of a long series is per step of that series', () => {
    expect(theilSen(Array.from({ length: 600 }, (_, index) => index * 3))).toBeCloseTo(3, 1);
  });
  it('of less than two points is 0', () => {
    expect([theilSen([7]), theilSen([])]).toEqual([0, 0]);
  });
  it('turns round with the series', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        expect(theilSen(values.toReversed())).toBeCloseTo(-theilSen(values), 9);
      }),
    );
  });
});

describe('the correlation of neighbours', () => {
  it.for([
    ['alike', [1, 2, 3, 4, 5, 6, 7, 8], 0.5, 1],
    ['unlike', [1, -1, 1, -1, 1, -1], -1, -0.5],
    ['all the same', [4, 4, 4], 0, 0],
    ['none', [], 0, 0],
  ] as const)('%s', ([, values, from, to]) => {
    expect(lagOne(values)).toBeGreaterThanOrEqual(from);
    expect(lagOne(values)).toBeLessThanOrEqual(to);
  });
});
