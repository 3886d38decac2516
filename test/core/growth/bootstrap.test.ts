import { describe, expect, it } from 'vitest';
import { blockBootstrap, seeded } from '../../../src/core/growth/bootstrap.ts';

const mean = (drawn: Float64Array): number => drawn.reduce((sum, value) => sum + value, 0) / drawn.length;

describe('an interval by blocks', () => {
  const noise = Array.from({ length: 100 }, seeded(11));
  it('has the estimate inside, and is the same each time', () => {
    const once = () => blockBootstrap(noise, { repeats: 199, cut: 2 }, mean);
    expect(once()).toEqual(once());
    expect(once().low).toBeLessThan(mean(Float64Array.from(noise)));
    expect(once().high).toBeGreaterThan(mean(Float64Array.from(noise)));
  });
  it('is narrower the more is left out at either end', () => {
    const width = (cut: number) => {
      const { high, low } = blockBootstrap(noise, { repeats: 99, cut }, mean);
      return high - low;
    };
    expect(width(10)).toBeLessThan(width(1));
    expect(width(49)).toBe(0);
  });
  it('of a constant is a point', () => {
    expect(blockBootstrap(Array(30).fill(5), { repeats: 20, cut: 0 }, mean)).toEqual({ low: 5, high: 5 });
  });
  it('draws neighbours together, from the series alone, and to its length', () => {
    const values = Array.from({ length: 36 }, (_, index) => index);
    blockBootstrap(values, { repeats: 50, cut: 0 }, (drawn) => {
      expect(drawn).toHaveLength(36);
      // Blocks of six, the root of 36: within one the numbers follow each other.
      const breaks = [...drawn].filter((value, index) => index % 6 !== 0 && value !== (drawn[index - 1] ?? 0) + 1);
      expect(breaks).toEqual([]);
      expect([...drawn].every((value) => values.includes(value))).toBe(true);
      return 0;
    });
  });
});

describe('the generator', () => {
  it('gives the same numbers for the same seed, all from 0 up to 1, evenly', () => {
    const [a, b] = [seeded(7), seeded(7)];
    const drawn = Array.from({ length: 1_000 }, () => a());
    expect(drawn).toEqual(Array.from({ length: 1_000 }, () => b()));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
    expect(mean(Float64Array.from(drawn))).toBeCloseTo(0.5, 1);
  });
  it('gives other numbers for another seed', () => {
    expect(seeded(1)()).not.toBe(seeded(2)());
  });
});
