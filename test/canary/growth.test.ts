import fc from 'fast-check';
import { linearRegression, median as medianOf } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { classifyGrowth } from '../../src/core/growth/classify.ts';
import { extraRise, levelRatio, loadEffect } from '../../src/core/growth/compare.ts';
import { type CanaryVerdict, DEFAULT_RULE, judge } from '../../src/core/growth/judge.ts';
import { lagOne, leastSquares, median, quantile, seeded, theilSen, thin } from '../../src/core/growth/series.ts';

const numbers = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 2, maxLength: 50 });

describe('statistics, against a library of them', () => {
  it('median, quantile and least squares are its', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const sorted = [...values].sort((a, b) => a - b);
        const points = values.map((value, index) => [index, value]);
        expect(median(values)).toBeCloseTo(medianOf(values), 9);
        expect(quantile(sorted, 0.5)).toBeCloseTo(medianOf(values), 9);
        expect([quantile(sorted, 0), quantile(sorted, 1)]).toEqual([sorted[0], sorted.at(-1)]);
        expect(leastSquares(values)).toBeCloseTo(linearRegression(points).m, 9);
      }),
    );
  });
  it('Theil–Sen is the slope of a line, and a third of it may be anything', () => {
    const line = Array.from({ length: 40 }, (_, index) => 5 + 2 * index);
    expect(theilSen(line)).toBeCloseTo(2, 9);
    expect(theilSen(line.map((value, index) => (index % 4 === 1 ? 10_000 : value)))).toBeCloseTo(2, 0);
    expect(theilSen(Array.from({ length: 600 }, (_, index) => index * 3))).toBeCloseTo(3, 1);
    expect(theilSen([7])).toBe(0);
  });
  it('few are as they are, many are medians of blocks', () => {
    expect(thin([3, 1, 2], 5)).toEqual([3, 1, 2]);
    expect(thin([1, 100, 3, 4, 5, 6], 2)).toEqual([3, 5]);
  });
  it('neighbours that are alike, unlike, or all the same', () => {
    expect(lagOne([1, 2, 3, 4, 5, 6, 7, 8])).toBeGreaterThan(0.5);
    expect(lagOne([1, -1, 1, -1, 1, -1])).toBeLessThan(-0.5);
    expect(lagOne([4, 4, 4])).toBe(0);
  });
  it('the same seed, the same numbers, all from 0 to 1', () => {
    const [a, b] = [seeded(7), seeded(7)];
    const drawn = Array.from({ length: 1_000 }, a);
    expect(drawn).toEqual(Array.from({ length: 1_000 }, b));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
    expect(drawn.reduce((sum, value) => sum + value, 0) / 1_000).toBeCloseTo(0.5, 1);
  });
});

/** A hundred and twenty points with a little noise that is always the same. */
function series(of: (x: number) => number, noise = 1): number[] {
  const random = seeded(3);
  return Array.from({ length: 120 }, (_, index) => Math.round(of(index / 119) + noise * (random() - 0.5) * 2));
}

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
    expect(found?.sentence).not.toBe('');
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
    expect(
      classifyGrowth(
        series((x) => 100 + 2 * x, 0),
        1_000,
      )?.shape,
    ).toBe('flat');
  });
});

describe('two services', () => {
  const load = series((x) => 10 * Math.sin(2 * Math.PI * 3 * x), 4);
  const service = (level: number, rise = 0) =>
    load.map((extra, index) => Math.round(level * (1 + extra / 100) + (rise * index) / 119));
  it('the same load goes away, whatever their size', () => {
    expect(extraRise(service(200), service(130)).value).toBeCloseTo(0, 1);
    expect(extraRise(service(200), service(130, 60)).low).toBeGreaterThan(0.2);
    expect(levelRatio(service(200), service(130)).value).toBeCloseTo(0.65, 1);
  });
  const verdict = (baseline: number[], candidate: number[], remaining?: number): [CanaryVerdict, number] => {
    const found = judge([{ name: 'tasks', baseline, candidate, remaining }], 1_000);
    return [found.verdict, found.score];
  };
  it.each<[string, number[], number[], [CanaryVerdict, number]]>([
    ['alike', service(200), service(200), ['pass', 100]],
    ['leaner', service(200), service(130), ['pass', 100]],
    ['leaking', service(200), service(200, 60), ['fail', 0]],
    ['leaner and leaking', service(200), service(130, 60), ['fail', 0]],
    ['a fifth larger', service(200), service(240), ['marginal', 50]],
    ['half as large again', service(200), service(300), ['fail', 0]],
    ['two threads larger', service(4), service(6), ['pass', 100]],
    ['both leaking', service(200, 80), service(200, 80), ['inconclusive', 0]],
  ])('%s', (_, baseline, candidate, want) => {
    // One metric alone that is marginal is half of all points: the rule of the default would call that a failure.
    const found = judge([{ name: 'tasks', baseline, candidate }], 1_000, { ...DEFAULT_RULE, marginal: 50 });
    expect([found.verdict, found.score]).toEqual(want);
  });
  it('too few, or a predicted end', () => {
    expect(verdict(service(200).slice(0, 29), service(200).slice(0, 29))[0]).toBe('inconclusive');
    expect(verdict(service(200), service(200, 40), 20)[0]).toBe('fail');
  });
  it('what load explains is taken out, and a leak stays one', () => {
    // A thread for every request: the candidate is given more and more of them.
    const loads = {
      baseline: series((x) => 50 + 10 * Math.sin(9 * x)),
      candidate: series((x) => 50 + 10 * Math.sin(9 * x) + 60 * x),
    };
    const under = (requests: number[], leak = 0) =>
      requests.map((count, index) => Math.round(40 + count + (leak * index) / 119));
    const verdictOf = (candidate: number[], load?: typeof loads) =>
      judge([{ name: 'tasks', baseline: under(loads.baseline), candidate, load }], 1_000).verdict;
    expect(verdictOf(under(loads.candidate))).toBe('fail');
    expect(verdictOf(under(loads.candidate), loads)).toBe('pass');
    expect(verdictOf(under(loads.candidate, 40), loads)).toBe('fail');
  });
  it('a load that never moves explains nothing', () => {
    expect(loadEffect([1, 2, 3], [5, 5, 5])).toBe(0);
    expect(loadEffect([3, 2, 1], [1, 2, 3])).toBe(0);
    expect(loadEffect([12, 14, 16], [1, 2, 3])).toBeCloseTo(2, 9);
  });
  it('a leak in one metric is a failure of all', () => {
    const good = { name: 'processes', baseline: service(20), candidate: service(20) };
    const found = judge([good, { name: 'maps', baseline: service(400), candidate: service(400, 200) }], 1_000);
    expect([found.verdict, found.score, found.sentence]).toEqual(['fail', 0, expect.stringMatching(/^maps: grew by/)]);
  });
  it('the same series, the same verdict', () => {
    const once = () => judge([{ name: 'tasks', baseline: service(200), candidate: service(210, 9) }], 1_000);
    expect(once()).toEqual(once());
  });
});
