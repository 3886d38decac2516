import { describe, expect, it } from 'vitest';
import { classifyGrowth } from '../../../src/core/growth/classify.ts';
import { series } from '../../fixtures/series.ts';

describe('a series', () => {
  it.each<[string, (x: number) => number, boolean]>([
    ['flat', () => 100, false],
    ['step', (x) => (x < 0.4 ? 100 : 160), false],
    ['plateau', (x) => 30 + 170 * (1 - Math.exp(-x / 0.08)), false],
    ['periodic', (x) => 100 + 25 * Math.sin(2 * Math.PI * 4 * x), false],
    ['linear', (x) => 100 + 60 * x, true],
    ['staircase', (x) => 100 + 20 * Math.floor(x * 5), true],
    ['late leak', (x) => 100 + 90 * Math.max(0, x - 0.6), true],
    ['exponential', (x) => 80 + 20 * Math.exp(3 * x), true],
  ])('that is %s is called so', (shape, of, isGrowing) => {
    const found = classifyGrowth(series(of), 1_000, 1_000);
    expect([found?.shape, found?.isGrowing, Number.isFinite(found?.exhaustionMs)]).toEqual([
      shape,
      isGrowing,
      isGrowing,
    ]);
  });
  it('its slope is per second, and lies in its interval', () => {
    const found = classifyGrowth(
      series((x) => 100 + 238 * x),
      1_000,
      476,
    );
    expect(found?.perSecond).toBeCloseTo(2, 1);
    expect(found?.lowPerSecond).toBeLessThan(found?.perSecond ?? 0);
    expect(found?.highPerSecond).toBeGreaterThan(found?.perSecond ?? 0);
    expect((found?.exhaustionMs ?? 0) / 1_000).toBeCloseTo(238, -1);
  });
  it('that doubles ends sooner than a line would', () => {
    const of = (x: number) => 50 * 2 ** (4 * x);
    expect(classifyGrowth(series(of), 1_000, 800)?.exhaustionMs).toBeLessThan(40_000);
  });
  it('that is too short is not called anything; one that is constant is flat', () => {
    expect(classifyGrowth(Array(29).fill(5), 1_000)).toBeUndefined();
    expect(classifyGrowth(Array(30).fill(5), 1_000)?.shape).toBe('flat');
    expect(classifyGrowth(Array(30).fill(0), 1_000)?.shape).toBe('flat');
  });
  it('two threads more are nothing to talk about', () => {
    const found = classifyGrowth(
      series((x) => 100 + 2 * x, 0),
      1_000,
    );
    expect(found?.shape).toBe('flat');
  });
  it('is called by what it does, and its peak is kept all the same', () => {
    const values = Array.from({ length: 86_400 }, (_, index) => (index === 70_000 ? 5_000 : 400 + (index % 3)));
    expect(classifyGrowth(values, 1_000)).toMatchObject({
      shape: 'flat',
      peak: 5_000,
      sentence: 'stays at 401, with a peak of 5,000',
    });
  });
});
