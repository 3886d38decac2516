import { describe, expect, it } from 'vitest';
import { difference, extraRise, levelRatio, loadEffect, underLoad } from '../../../src/core/growth/compare.ts';
import { service } from '../../fixtures/series.ts';

describe('two services', () => {
  it('the same load goes away, whatever their size', () => {
    expect(extraRise(service(200), service(130)).value).toBeCloseTo(0, 1);
    expect(extraRise(service(200), service(130, 60)).low).toBeGreaterThan(0.2);
    expect(levelRatio(service(200), service(130)).value).toBeCloseTo(0.65, 1);
  });
  it('every estimate lies in its interval', () => {
    for (const { high, low, value } of [
      extraRise(service(200), service(200, 30)),
      levelRatio(service(200), service(260)),
    ]) {
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
    }
  });
  it('a baseline of nothing is no division by nothing', () => {
    const nothing = Array(60).fill(0);
    expect(Number.isFinite(levelRatio(nothing, service(10).slice(0, 60)).value)).toBe(true);
    expect(levelRatio(nothing, nothing)).toMatchObject({ low: 1, high: 1 });
    expect(extraRise(nothing, nothing).value).toBe(0);
  });
  it('the difference is in units of the candidate', () => {
    expect(difference([10, 10, 10], [20, 20, 26])).toEqual([0, 0, 6]);
  });
});

describe('load', () => {
  it.for([
    ['one that never moves explains nothing', [1, 2, 3], [5, 5, 5], 0],
    ['one that goes the other way explains nothing', [3, 2, 1], [1, 2, 3], 0],
    ['two threads a request', [12, 14, 16], [1, 2, 3], 2],
  ] as const)('%s', ([, baseline, load, want]) => expect(loadEffect(baseline, load)).toBeCloseTo(want, 9));
  it('is taken out down to nothing, and not below', () => {
    expect(underLoad([30, 50, 4], [10, 20, 30], 2, 10)).toEqual([30, 30, 0]);
  });
  it('a moment without a known load stays what it is', () => {
    expect(underLoad([30, 50], [10], 2, 10)).toEqual([30, 50]);
  });
});
