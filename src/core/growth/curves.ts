/** Warm-ups from a fortieth of the window to a third of it. */
const WARM_UPS = [0.025, 0.04, 0.06, 0.09, 0.13, 0.18, 0.25, 0.33];
/** Growth by this many e-folds over the window. */
const E_FOLDS = [1.4, 1.8, 2.3, 2.8, 3.4, 4, 5, 6.5, 8, 10];
/** Cycles in the window; fewer than one and a half are no period yet. */
const CYCLES = Array.from({ length: 38 }, (_, index) => 1.5 + index * 0.25);
/** Steps at equal distances, as batches and pools make them: the steps in the window, and how far the first one has come. */
const STAIRS = [2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8];
const PHASES = Array.from({ length: 20 }, (_, index) => index / 20);

/** One curve of a family, less its mean. `knee` is the number that tells it from the others of the family. */
export interface Curve {
  readonly knee: number;
  readonly centred: Float64Array;
  /** The sum of its squares. */
  readonly power: number;
}

/** One period, as a sine and a cosine: together they have any phase. */
export interface Wave {
  readonly sin: Curve;
  readonly cos: Curve;
  readonly cross: number;
}

/** All curves for one number of points. */
export interface Curves {
  readonly line: readonly Curve[];
  readonly step: readonly Curve[];
  readonly plateau: readonly Curve[];
  readonly lateLeak: readonly Curve[];
  readonly exponential: readonly Curve[];
  readonly evenStairs: readonly Curve[];
  readonly waves: readonly Wave[];
}

/** Curves depend on the number of points alone, which is 30 to 60: each set is worked out once. */
const known = new Map<number, Curves>();

export function curvesOf(n: number): Curves {
  const found = known.get(n) ?? makeCurves(n);
  known.set(n, found);
  return found;
}

function makeCurves(n: number): Curves {
  const curve = (knee: number, of: (x: number) => number): Curve => makeCurve(n, knee, of);
  const inside = Array.from({ length: n }, (_, index) => index / Math.max(1, n - 1)).slice(2, -2);
  return {
    line: [curve(0, (x) => x)],
    step: inside.map((at) => curve(at, (x) => (x >= at ? 1 : 0))),
    plateau: WARM_UPS.map((tau) => curve(tau, (x) => 1 - Math.exp(-x / tau))),
    lateLeak: inside.filter((at) => at >= 0.25 && at <= 0.9).map((at) => curve(at, (x) => Math.max(0, x - at))),
    exponential: E_FOLDS.map((folds) => curve(folds, (x) => Math.exp(folds * (x - 1)))),
    evenStairs: STAIRS.flatMap((steps) =>
      PHASES.map((phase) => curve(steps, (x) => Math.floor(x * steps + phase + 1e-9))),
    ),
    waves: CYCLES.map((cycles) => {
      const sin = curve(cycles, (x) => Math.sin(2 * Math.PI * cycles * x));
      const cos = curve(cycles, (x) => Math.cos(2 * Math.PI * cycles * x));
      return { sin, cos, cross: dot(sin.centred, cos.centred) };
    }),
  };
}

function makeCurve(n: number, knee: number, of: (x: number) => number): Curve {
  const centred = Float64Array.from({ length: n }, (_, index) => of(index / Math.max(1, n - 1)));
  const mean = centred.reduce((sum, value) => sum + value, 0) / n;
  for (let i = 0; i < n; i += 1) centred[i] = (centred[i] as number) - mean;
  return { knee, centred, power: dot(centred, centred) };
}

/** The sum of the products, place by place. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
