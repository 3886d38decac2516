import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitSlope, slopePerStep } from '../../src/core/slope.ts';

describe('fitSlope', () => {
  it('finds a clean line and is sure of it', () => {
    const slope = fitSlope([10, 50, 90].map((x) => ({ x, y: 25 + 2 * x })));
    expect(slope).toEqual({ perUnit: 2, uncertainty: 0, range: 80 });
  });
  it('is less sure of a scattered one', () => {
    const slope = fitSlope([0, 10, 20, 30, 40].map((x, index) => ({ x, y: 2 * x + (index % 2 === 0 ? 5 : -5) })));
    expect(slope?.perUnit).toBeCloseTo(2, 1);
    expect(slope?.uncertainty).toBeGreaterThan(0.2);
  });
  it.for([
    ['two points', [1, 2]],
    ['threads that stood still', [5, 5, 5, 5]],
    ['nothing', []],
  ] as const)('%s teach nothing', ([, xs]) => {
    expect(fitSlope(xs.map((x) => ({ x, y: x })))).toBeUndefined();
  });
});

describe('slopePerStep', () => {
  it.for([
    ['nothing', [], 0],
    ['one value', [7], 0],
    ['two values', [1, 4], 3],
    ['a line', [5, 7, 9, 11], 2],
    ['a line that falls', [3, 2, 1], -1],
    ['a typed array', Float64Array.of(0, 10), 10],
  ] as const)('%s', ([, values, want]) => expect(slopePerStep(values.length)(values)).toBeCloseTo(want, 9));
  it('one series does not remember the one before', () => {
    const slope = slopePerStep(3);
    expect([slope([0, 5, 10]), slope([4, 4, 4])]).toEqual([5, 0]);
  });
  it('is the slope of fitSlope over the index', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 3, maxLength: 40 }), (values) => {
        expect(slopePerStep(values.length)(values)).toBeCloseTo(
          fitSlope(values.map((y, x) => ({ x, y })))?.perUnit ?? Number.NaN,
          9,
        );
      }),
    );
  });
});
