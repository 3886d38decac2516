import { type Curve, curvesOf, dot, type Wave } from './curves.ts';
import { freeStairs } from './stairs.ts';

/** A shape that was laid through a series by least squares. */
export interface Fit {
  readonly shape: Shape;
  /** Sum of squared residuals. */
  readonly rss: number;
  /** How many numbers were free to choose. */
  readonly parameters: number;
  /** Its values at the points of the series. */
  readonly values: readonly number[];
  /** Where a step or the knee of a leak is, from 0 to 1 of the window. */
  readonly knee?: number;
}

export type Shape = 'flat' | 'step' | 'plateau' | 'periodic' | 'linear' | 'staircase' | 'late leak' | 'exponential';

const EVEN_STAIRS_PARAMETERS = 5;

/** A series less its mean, and the sum of its squares. */
interface Centred {
  readonly mean: number;
  readonly values: Float64Array;
  readonly power: number;
}

/** Every shape at its best: a search over the one number that is not linear, closed forms for the rest. */
export function fitShapes(y: readonly number[]): Fit[] {
  const curves = curvesOf(y.length);
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const values = Float64Array.from(y, (value) => value - mean);
  const series: Centred = { mean, values, power: dot(values, values) };
  const best = (shape: Shape, parameters: number, family: readonly Curve[], isUpOnly = true): Fit[] =>
    bestOf(series, family, isUpOnly).map((fit) => ({ ...fit, shape, parameters }));
  return [
    { shape: 'flat', rss: series.power, parameters: 1, values: y.map(() => mean) },
    ...best('linear', 2, curves.line),
    ...best('step', 4, curves.step, false),
    ...best('plateau', 3, curves.plateau),
    ...best('late leak', 3, curves.lateLeak),
    ...best('exponential', 3, curves.exponential),
    periodic(series, curves.waves),
    ...best('staircase', EVEN_STAIRS_PARAMETERS, curves.evenStairs),
    ...freeStairs(y).map((fit) => ({ ...fit, shape: 'staircase' as const })),
  ];
}

/** The curve of a family that comes closest, or none where only rising ones count and all of them would fall. */
function bestOf(
  { mean, power, values }: Centred,
  family: readonly Curve[],
  isUpOnly: boolean,
): Pick<Fit, 'rss' | 'values' | 'knee'>[] {
  let found: { readonly curve: Curve; readonly slope: number; readonly rss: number } | undefined;
  for (const curve of family) {
    const slope = curve.power === 0 ? 0 : dot(curve.centred, values) / curve.power;
    const rss = power - slope * slope * curve.power;
    if ((slope > 0 || !isUpOnly) && (found === undefined || rss < found.rss)) found = { curve, slope, rss };
  }
  if (found === undefined) return [];
  const { curve, rss, slope } = found;
  return [
    { rss: Math.max(0, rss), values: Array.from(curve.centred, (value) => mean + slope * value), knee: curve.knee },
  ];
}

/** A sine and a cosine of each period, fitted together. */
function periodic({ mean, power, values }: Centred, waves: readonly Wave[]): Fit {
  let found: { readonly wave: Wave; readonly a: number; readonly b: number; readonly gain: number } | undefined;
  for (const wave of waves) {
    const { cos, cross, sin } = wave;
    const determinant = sin.power * cos.power - cross * cross;
    if (Math.abs(determinant) < 1e-9) continue;
    const [s, c] = [dot(sin.centred, values), dot(cos.centred, values)];
    const a = (s * cos.power - c * cross) / determinant;
    const b = (c * sin.power - s * cross) / determinant;
    const gain = a * s + b * c;
    if (found === undefined || gain > found.gain) found = { wave, a, b, gain };
  }
  const { a = 0, b = 0, gain = 0, wave } = found ?? {};
  const at = (index: number): number =>
    mean + a * (wave?.sin.centred[index] ?? 0) + b * (wave?.cos.centred[index] ?? 0);
  return {
    shape: 'periodic',
    rss: Math.max(0, power - gain),
    parameters: 5,
    values: Array.from(values, (_, index) => at(index)),
  };
}
