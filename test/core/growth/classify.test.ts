import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seeded } from '../../../src/core/growth/bootstrap.ts';
import { chooseShape, classifyGrowth, LEAST_POINTS } from '../../../src/core/growth/classify.ts';
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

describe('what is said of a shape', () => {
  const say = (of: (x: number) => number, remaining?: number) => classifyGrowth(series(of, 0), 1_000, remaining);
  it.for<[string, (x: number) => number, RegExp]>([
    [
      'a step',
      (x) => (x < 0.5 ? 100 : 160),
      /^went from 100 to 160 in one step after 51% of the time and stays there$/,
    ],
    ['a step down', (x) => (x < 0.5 ? 160 : 100), /^went from 160 to 100 in one step/],
    ['a plateau', (x) => 30 + 170 * (1 - Math.exp(-x / 0.08)), /^warmed up from \d+ to 200 and stays there$/],
    ['a line', (x) => 100 + 119 * x, /^grows steadily from 10\d to 21\d, 1\.0\/s$/],
    ['a slow line', (x) => 100 + 30 * x, /^grows steadily from 10\d to 1[23]\d, 1\d\.\d a minute$/],
  ])('%s', ([, of, sentence]) => expect(say(of)?.sentence).toMatch(sentence));
  it('how long the rest will last is told only where it grows, and where the rest is known', () => {
    expect(say((x) => 100 + 119 * x, 600)?.sentence).toMatch(/; nothing is left in 10 min/);
    expect(say((x) => 100 + 119 * x)?.exhaustionMs).toBe(Number.POSITIVE_INFINITY);
    expect(say(() => 100, 600)?.exhaustionMs).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('any series', () => {
  const values = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: LEAST_POINTS, maxLength: 300 });
  it('has its highest value as its peak, and only finite numbers', () => {
    fc.assert(
      fc.property(values, (drawn) => {
        const found = classifyGrowth(drawn, 1_000, 500);
        expect(found?.peak).toBe(Math.max(...drawn));
        for (const number of [found?.perSecond, found?.lowPerSecond, found?.highPerSecond])
          expect(Number.isFinite(number)).toBe(true);
        expect(found?.exhaustionMs).toBeGreaterThan(0);
        if (found?.isGrowing === false) expect(found.perSecond).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
  it('is called the same at another distance between samples, at a rate that fits it', () => {
    const grown = series((x) => 100 + 60 * x);
    const [slow, fast] = [classifyGrowth(grown, 10_000), classifyGrowth(grown, 100)];
    expect(slow?.shape).toBe(fast?.shape);
    expect(fast?.perSecond).toBeCloseTo(100 * (slow?.perSecond ?? 0), 6);
  });
  it('that only falls does not grow', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 30, max: 200 }), (fall, n) => {
        const falling = Array.from({ length: n }, (_, index) => 3_000 - (fall * index) / n);
        expect(classifyGrowth(falling, 1_000)?.isGrowing).toBe(false);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the choice of a shape', () => {
  it('a change of less than 4 % of the level is none, however clear it is', () => {
    const rise = (by: number) => chooseShape(Array.from({ length: 60 }, (_, index) => 1_000 + (by * index) / 59)).shape;
    expect([rise(39), rise(60)]).toEqual(['flat', 'linear']);
  });
  it('noise that remembers itself is no growth: neighbours count for less', () => {
    // A random walk that is pulled back: alike neighbours, no trend.
    const random = seeded(5);
    let level = 0;
    const wandering = Array.from({ length: 600 }, () => {
      level = 0.9 * level + 6 * (random() - 0.5);
      return 200 + level;
    });
    expect(classifyGrowth(wandering, 1_000)?.isGrowing).toBe(false);
  });
});
