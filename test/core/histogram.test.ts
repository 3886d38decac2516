import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lateness } from '../../src/core/histogram.ts';

describe('lateness', () => {
  const of = (...ms: number[]) => {
    const lateness = new Lateness();
    for (const value of ms) lateness.add(value);
    return [lateness.quantileMs(0.5), lateness.quantileMs(0.99), lateness.worstMs];
  };
  it.for([
    { name: 'nothing seen', ms: [], want: [0, 0, 0] },
    { name: 'the upper end of a class', ms: [1.5, 1.6, 40], want: [2, 40, 40] },
    { name: 'never above the worst', ms: [3, 3, 3], want: [3, 3, 3] },
    { name: 'one in a hundred is not p99', ms: [...Array(99).fill(0.1), 9000], want: [0.5, 0.5, 9000] },
    { name: 'beyond the last class', ms: [20_000], want: [20_000, 20_000, 20_000] },
  ])('$name', ({ ms, want }) => {
    expect(of(...ms)).toEqual(want);
  });
  it('no share of the values is later than it says, and none is said to be later than the worst', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 30_000, noNaN: true }), { minLength: 1 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, q) => {
          const lateness = new Lateness();
          for (const value of values) lateness.add(value);
          const bound = lateness.quantileMs(q);
          expect(values.filter((value) => value <= bound).length).toBeGreaterThanOrEqual(q * values.length - 1e-9);
          expect(bound).toBeLessThanOrEqual(lateness.worstMs);
        },
      ),
    );
  });
});
