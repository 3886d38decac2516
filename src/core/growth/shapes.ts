/** A shape that was laid through a series, by least squares. */
export interface Fit {
  readonly shape: Shape;
  /** Sum of squared residuals. */
  readonly rss: number;
  /** Numbers that were free to choose. */
  readonly parameters: number;
  /** Its values at the points of the series. */
  readonly values: readonly number[];
  /** Where a step or the knee of a leak is, from 0 to 1 of the window. */
  readonly knee?: number;
}

export const SHAPES = [
  'flat',
  'step',
  'plateau',
  'periodic',
  'linear',
  'staircase',
  'late leak',
  'exponential',
] as const;
export type Shape = (typeof SHAPES)[number];

/** Warm-ups from a fortieth of the window to a third of it. */
const WARM_UPS = [0.025, 0.04, 0.06, 0.09, 0.13, 0.18, 0.25, 0.33];
/** Growth by this many e-folds over the window. */
const E_FOLDS = [1.4, 1.8, 2.3, 2.8, 3.4, 4, 5, 6.5, 8, 10];
/** Periods that fit into the window; less than one and a half is no period yet. */
const CYCLES = Array.from({ length: 38 }, (_, index) => 1.5 + index * 0.25);
/** Steps at equal distances, as batches and pools make them: so many in the window, and how far the first one has come. */
const STAIRS = [2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8];
const PHASES = Array.from({ length: 20 }, (_, index) => index / 20);
const EVEN_PARAMETERS = 5;
const STAIRS_LEAST = 3;
const STAIRS_MOST = 8;
const LEAST_ALIKE = 0.35;

/** One curve of a family, centred. `knee` is what tells it from the others. */
interface Curve {
  readonly knee: number;
  readonly centred: Float64Array;
  readonly power: number;
}

interface Wave {
  readonly sin: Curve;
  readonly cos: Curve;
  readonly cross: number;
}

interface Curves {
  readonly line: readonly Curve[];
  readonly step: readonly Curve[];
  readonly plateau: readonly Curve[];
  readonly lateLeak: readonly Curve[];
  readonly exponential: readonly Curve[];
  readonly evenStairs: readonly Curve[];
  readonly waves: readonly Wave[];
}

/** The curves depend on nothing but the number of points, of which there are few: they are worked out once for each. */
const known = new Map<number, Curves>();

function curvesOf(n: number): Curves {
  const found = known.get(n);
  if (found !== undefined) return found;
  const x = (index: number): number => index / Math.max(1, n - 1);
  const curve = (knee: number, of: (x: number) => number): Curve => {
    const centred = Float64Array.from({ length: n }, (_, index) => of(x(index)));
    const mean = centred.reduce((sum, value) => sum + value, 0) / n;
    let power = 0;
    for (let i = 0; i < n; i += 1) {
      const value = (centred[i] as number) - mean;
      centred[i] = value;
      power += value * value;
    }
    return { knee, centred, power };
  };
  const inside = Array.from({ length: n }, (_, index) => x(index)).slice(2, -2);
  const made: Curves = {
    line: [curve(0, (value) => value)],
    step: inside.map((at) => curve(at, (value) => (value >= at ? 1 : 0))),
    plateau: WARM_UPS.map((tau) => curve(tau, (value) => 1 - Math.exp(-value / tau))),
    lateLeak: inside.filter((at) => at >= 0.25 && at <= 0.9).map((at) => curve(at, (value) => Math.max(0, value - at))),
    exponential: E_FOLDS.map((folds) => curve(folds, (value) => Math.exp(folds * (value - 1)))),
    evenStairs: STAIRS.flatMap((steps) =>
      PHASES.map((phase) => curve(steps, (value) => Math.floor(value * steps + phase + 1e-9))),
    ),
    waves: CYCLES.map((cycles) => {
      const angle = (value: number): number => 2 * Math.PI * cycles * value;
      const [sin, cos] = [
        curve(cycles, (value) => Math.sin(angle(value))),
        curve(cycles, (value) => Math.cos(angle(value))),
      ];
      return { sin, cos, cross: dot(sin.centred, cos.centred) };
    }),
  };
  known.set(n, made);
  return made;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Every shape at its best. Grids over the one number that is not linear, closed forms for the rest. */
export function fitShapes(y: readonly number[]): Fit[] {
  const curves = curvesOf(y.length);
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const centred = Float64Array.from(y, (value) => value - mean);
  const whole = dot(centred, centred);
  const flat: Fit = { shape: 'flat', rss: whole, parameters: 1, values: y.map(() => mean) };
  const best = (shape: Shape, parameters: number, family: readonly Curve[], isUpOnly: boolean): Fit[] => {
    let found: { readonly curve: Curve; readonly slope: number; readonly rss: number } | undefined;
    for (const curve of family) {
      const slope = curve.power === 0 ? 0 : dot(curve.centred, centred) / curve.power;
      const rss = whole - slope * slope * curve.power;
      if ((slope > 0 || !isUpOnly) && (found === undefined || rss < found.rss)) found = { curve, slope, rss };
    }
    if (found === undefined) return [];
    const { curve, rss, slope } = found;
    const values = Array.from(curve.centred, (value) => mean + slope * value);
    return [{ shape, rss: Math.max(0, rss), parameters, values, knee: curve.knee }];
  };
  return [
    flat,
    ...best('linear', 2, curves.line, true),
    ...best('step', 4, curves.step, false),
    ...best('plateau', 3, curves.plateau, true),
    ...best('late leak', 3, curves.lateLeak, true),
    ...best('exponential', 3, curves.exponential, true),
    periodic(centred, mean, whole, curves.waves),
    ...best('staircase', EVEN_PARAMETERS, curves.evenStairs, true),
    ...staircase(y),
  ];
}

/** A sine and a cosine of each period, fitted together. */
function periodic(centred: Float64Array, mean: number, whole: number, waves: readonly Wave[]): Fit {
  let found: { readonly wave: Wave; readonly a: number; readonly b: number; readonly gain: number } | undefined;
  for (const wave of waves) {
    const { cos, cross, sin } = wave;
    const determinant = sin.power * cos.power - cross * cross;
    if (Math.abs(determinant) < 1e-9) continue;
    const [s, c] = [dot(sin.centred, centred), dot(cos.centred, centred)];
    const a = (s * cos.power - c * cross) / determinant;
    const b = (c * sin.power - s * cross) / determinant;
    const gain = a * s + b * c;
    if (found === undefined || gain > found.gain) found = { wave, a, b, gain };
  }
  const { a = 0, b = 0, gain = 0, wave } = found ?? {};
  const values = Array.from(
    centred,
    (_, index) => mean + a * (wave?.sin.centred[index] ?? 0) + b * (wave?.cos.centred[index] ?? 0),
  );
  return { shape: 'periodic', rss: Math.max(0, whole - gain), parameters: 5, values };
}

/** Steps that go up only, at the best places, by dynamic programming (optimal partition); the number of them by BIC. */
function staircase(y: readonly number[]): Fit[] {
  const n = y.length;
  const sums = new Float64Array(n + 1);
  const squares = new Float64Array(n + 1);
  for (let i = 0; i < n; i += 1) {
    sums[i + 1] = (sums[i] as number) + (y[i] as number);
    squares[i + 1] = (squares[i] as number) + (y[i] as number) ** 2;
  }
  const mean = (from: number, to: number): number => ((sums[to] as number) - (sums[from] as number)) / (to - from);
  const cost = (from: number, to: number): number =>
    (squares[to] as number) - (squares[from] as number) - (to - from) * mean(from, to) ** 2;
  const least = Math.max(3, Math.floor(n / 20));
  let costs = Float64Array.from({ length: n + 1 }, (_, to) => (to < least ? Number.POSITIVE_INFINITY : cost(0, to)));
  const backs: Int32Array[] = [];
  const found: Fit[] = [];
  for (let segments = 2; segments <= STAIRS_MOST && segments * least <= n; segments += 1) {
    const next = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY);
    const back = new Int32Array(n + 1);
    for (let to = segments * least; to <= n; to += 1) {
      for (let from = (segments - 1) * least; from <= to - least; from += 1) {
        const total = (costs[from] as number) + cost(from, to);
        if (total < (next[to] as number)) {
          next[to] = total;
          back[to] = from;
        }
      }
    }
    costs = next;
    backs.push(back);
    if (segments < STAIRS_LEAST) continue;
    const cuts = [n];
    for (let level = backs.length - 1; level >= 0; level -= 1)
      cuts.unshift((backs[level] as Int32Array)[cuts[0] as number] as number);
    cuts.unshift(0);
    const levels = cuts.slice(1).map((to, index) => mean(cuts[index] as number, to));
    const rises = levels.slice(1).map((level, index) => level - (levels[index] as number));
    // One step and some noise is no staircase: its steps are alike.
    if (Math.min(...rises) < LEAST_ALIKE * Math.max(...rises)) continue;
    const values = levels.flatMap((level, index) =>
      Array<number>((cuts[index + 1] as number) - (cuts[index] as number)).fill(level),
    );
    found.push({ shape: 'staircase', rss: Math.max(0, costs[n] as number), parameters: 2 * segments - 1, values });
  }
  return found;
}
