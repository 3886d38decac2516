import { describe, expect, it } from 'vitest';
import { exhaustionMs, isLasting, measureGrowth } from '../../src/core/forecast.ts';

describe('forecast', () => {
  const height = ({ value }: { value: number }) => value;
  const line = (perSecond: number) =>
    Array.from({ length: 31 }, (_, i) => ({ timeMs: i * 1000, value: 100 + i * perSecond }));
  it('sees steady growth in both windows', () => {
    expect(measureGrowth(line(10), height)).toEqual({ shortPerSecond: 10, longPerSecond: 10, gained: 300 });
    expect(exhaustionMs(50, measureGrowth(line(10), height))).toBe(5000);
  });
  it('does not forecast from a burst that has ended, nor from nothing', () => {
    const burst = line(0).map((point) => ({ ...point, value: point.timeMs < 20_000 ? 0 : 500 }));
    expect(exhaustionMs(10, measureGrowth(burst, height))).toBe(Number.POSITIVE_INFINITY);
    expect(measureGrowth<{ timeMs: number; value: number }>([], height)).toEqual({
      shortPerSecond: 0,
      longPerSecond: 0,
      gained: 0,
    });
  });
  it('one sample is no growth', () => {
    expect(measureGrowth([{ timeMs: 5, value: 9 }], height)).toEqual({
      shortPerSecond: 0,
      longPerSecond: 0,
      gained: 0,
    });
  });
  it('two samples of one moment are no infinite growth', () => {
    const twice = [1, 9].map((value) => ({ timeMs: 5, value }));
    expect(measureGrowth(twice, height).shortPerSecond).toBe(0);
  });
  it('a burst of now is seen in the short window, and hardly in the long one', () => {
    const late = line(0).map((point) => ({ ...point, value: point.timeMs < 29_000 ? 100 : 400 }));
    expect(measureGrowth(late, height)).toEqual({ shortPerSecond: 150, longPerSecond: 10, gained: 300 });
    // The slower of the two counts.
    expect(exhaustionMs(100, measureGrowth(late, height))).toBe(10_000);
  });
  it('what lies before the long window does not count', () => {
    const long = [{ timeMs: -100_000, value: 0 }, ...line(1)];
    expect(measureGrowth(long, height)).toMatchObject({ longPerSecond: 1, gained: 30 });
  });
  it('a target that shrinks never runs out', () => {
    const { gained, ...growth } = measureGrowth(line(-3), height);
    expect([gained, exhaustionMs(10, { ...growth, gained })]).toEqual([-90, Number.POSITIVE_INFINITY]);
  });
  it.for<[string, (second: number) => number, boolean]>([
    ['a leak', (at) => 100 + 3 * at, true],
    ['one that becomes faster', (at) => 100 * 1.08 ** at, true],
    ['nothing', () => 100, false],
    ['a pool that doubled in the last 15 s', (at) => 100 + 10 * Math.max(0, at - 15), false],
    ['one that doubled in the first 15 s', (at) => 100 + 10 * Math.min(at, 15), false],
    ['one that shrank meanwhile', (at) => (at < 18 ? 100 + at : 60 + 2 * at), false],
  ])('growth lasts: %s', ([, tasks, isSo]) => {
    const points = Array.from({ length: 31 }, (_, second) => ({ timeMs: second * 1000, value: tasks(second) }));
    expect(isLasting(points, height)).toBe(isSo);
    // Half a minute must have been seen.
    expect(isLasting(points.slice(1), height)).toBe(false);
    expect(isLasting(points.slice(0, 0), height)).toBe(false);
  });
});
