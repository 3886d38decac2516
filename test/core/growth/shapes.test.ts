import { describe, expect, it } from 'vitest';
import { curvesOf, dot } from '../../../src/core/growth/curves.ts';
import { fitShapes, type Shape } from '../../../src/core/growth/shapes.ts';
import { freeStairs } from '../../../src/core/growth/stairs.ts';

const line = (of: (x: number) => number, n = 60) => Array.from({ length: n }, (_, index) => of(index / (n - 1)));
const fitOf = (y: readonly number[], shape: Shape) =>
  fitShapes(y)
    .filter((fit) => fit.shape === shape)
    .reduce((best, fit) => (fit.rss < best.rss ? fit : best));

describe('a shape laid through its own curve', () => {
  it.for<[Shape, (x: number) => number]>([
    ['flat', () => 7],
    ['linear', (x) => 10 + 5 * x],
    ['plateau', (x) => 20 + 30 * (1 - Math.exp(-x / 0.13))],
    ['exponential', (x) => 3 + 9 * Math.exp(4 * (x - 1))],
    ['periodic', (x) => 50 + 4 * Math.sin(2 * Math.PI * 3 * x) + 2 * Math.cos(2 * Math.PI * 3 * x)],
    ['staircase', (x) => 10 + 8 * Math.floor(x * 4 + 1e-9)],
  ])('%s leaves no residual', ([shape, of]) => {
    const y = line(of);
    const { rss, values } = fitOf(y, shape);
    expect(rss).toBeCloseTo(0, 6);
    for (const [index, value] of values.entries()) expect(value).toBeCloseTo(y[index] as number, 6);
  });
  it('a step and the knee of a leak are found where they are', () => {
    expect(
      fitOf(
        line((x) => (x >= 0.5 ? 9 : 1)),
        'step',
      ).knee,
    ).toBeCloseTo(0.5, 1);
    expect(
      fitOf(
        line((x) => Math.max(0, x - 0.6) * 50),
        'late leak',
      ).knee,
    ).toBeCloseTo(0.6, 1);
  });
  it('what only rises is not laid through a fall', () => {
    const shapes = fitShapes(line((x) => 10 - 5 * x)).map(({ shape }) => shape);
    expect(shapes).not.toContain('linear');
    expect(shapes).toContain('step');
  });
  it('no fit is worse than the mean, and none is better than nothing', () => {
    const y = line((x) => 40 + 10 * Math.sin(9 * x) + 20 * x);
    const [flat, ...others] = fitShapes(y);
    for (const { rss } of others) {
      expect(rss).toBeLessThanOrEqual((flat?.rss ?? 0) + 1e-9);
      expect(rss).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('the curves', () => {
  it('are worked out once, and have no mean', () => {
    const curves = curvesOf(40);
    expect(curvesOf(40)).toBe(curves);
    for (const { centred, power } of [...curves.line, ...curves.plateau, ...curves.evenStairs]) {
      expect(centred.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 6);
      expect(power).toBeCloseTo(dot(centred, centred), 9);
    }
  });
  it('the product of vectors', () => {
    expect(dot(Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6))).toBe(32);
  });
});

describe('stairs with steps anywhere', () => {
  it('the levels are found, with as many parameters as cuts and levels', () => {
    const y = [...Array(20).fill(1), ...Array(15).fill(5), ...Array(25).fill(10)];
    const [three] = freeStairs(y);
    expect(three).toMatchObject({ rss: 0, parameters: 5 });
    expect(three?.values).toEqual(y);
  });
  it('one step and some noise is no staircase', () => {
    const y = Array.from({ length: 60 }, (_, index) => (index < 30 ? 10 : 40) + ((index * 7) % 3));
    expect(freeStairs(y).every(({ values }) => new Set(values).size > 2 && Math.min(...values) > 0)).toBe(true);
    expect(freeStairs(Array.from({ length: 60 }, (_, index) => (index < 30 ? 10 : 40)))).toEqual([]);
  });
  it('too few points have none', () => {
    expect(freeStairs([1, 2, 3])).toEqual([]);
  });
});
