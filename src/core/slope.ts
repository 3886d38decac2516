import { linearRegression } from 'simple-statistics';

/** A line through points: how much of `y` one more of `x` takes, and how far off that may be. */
export interface Slope {
  readonly perUnit: number;
  /** Half the width of a 95 % interval. */
  readonly uncertainty: number;
  /** How far `x` moved. */
  readonly range: number;
}

/**
 * Least squares over the points. The interval comes from their scatter (two standard errors), so few points make it
 * wide. `undefined` for fewer than three points, and when `x` stood still: then nothing was learnt.
 */
export function fitSlope(points: readonly { readonly x: number; readonly y: number }[]): Slope | undefined {
  const n = points.length;
  if (n < 3) return undefined;
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / n;
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (spread === 0) return undefined;
  const { b, m } = linearRegression(points.map(({ x, y }) => [x, y]));
  const residue = points.reduce((sum, { x, y }) => sum + (y - b - m * x) ** 2, 0);
  const xs = points.map(({ x }) => x);
  return {
    perUnit: m,
    uncertainty: 2 * Math.sqrt(residue / Math.max(1, n - 2) / spread),
    range: Math.max(...xs) - Math.min(...xs),
  };
}

/**
 * The least-squares slope of a series over its index, per step; 0 for fewer than two values. Made for series of `n`
 * values: a bootstrap asks for hundreds of slopes, and the points are made once.
 */
export function slopePerStep(n: number): (values: ArrayLike<number>) => number {
  const points = Array.from({ length: n }, (_, index): [number, number] => [index, 0]);
  return (values) => {
    if (n < 2) return 0;
    for (let i = 0; i < n; i += 1) (points[i] as [number, number])[1] = values[i] as number;
    return linearRegression(points).m;
  };
}
