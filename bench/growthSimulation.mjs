// Series of known shape, for the judge to name. Written apart from it: nothing here is imported from src.

/** A generator of its own (xorshift32): the same seeds, the same series. */
export function randomOf(seed) {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  for (let i = 0; i < 8; i += 1) next();
  const between = (low, high) => low + (high - low) * next();
  /** Box and Muller. */
  const normal = () => Math.sqrt(-2 * Math.log(Math.max(1e-12, next()))) * Math.cos(2 * Math.PI * next());
  return { next, between, normal };
}

/** Each: the share by which the level is above its base at `x` from 0 to 1. */
const SHAPES = {
  flat: () => () => 0,
  step: ({ between }) => {
    const [at, height] = [between(0.15, 0.75), between(0.25, 1)];
    return (x) => (x >= at ? height : 0);
  },
  plateau: ({ between }) => {
    const [tau, height] = [between(0.03, 0.15), between(0.3, 3)];
    return (x) => height * (1 - Math.exp(-x / tau));
  },
  periodic: ({ between }) => {
    const [cycles, phase, height] = [between(2, 8), between(0, 2 * Math.PI), between(0.1, 0.4)];
    return (x) => height * Math.sin(2 * Math.PI * cycles * x + phase);
  },
  linear: ({ between }) => {
    const height = between(0.2, 1.5);
    return (x) => height * x;
  },
  staircase: ({ between }) => {
    const [steps, height, phase] = [Math.floor(between(3, 7)), between(0.3, 1.5), between(0, 0.9)];
    return (x) => (height * Math.floor(x * steps + phase)) / steps;
  },
  'late leak': ({ between }) => {
    const [knee, height] = [between(0.45, 0.75), between(0.3, 1.5)];
    return (x) => (x <= knee ? 0 : (height * (x - knee)) / (1 - knee));
  },
  exponential: ({ between }) => {
    const folds = between(2, 5);
    return (x) => Math.exp(folds * x) - 1;
  },
};
export const SHAPE_NAMES = Object.keys(SHAPES);

/** Whole numbers: a base of 15 to 300, the shape, and noise whose neighbours are alike (AR(1), 0.2 to 5 %). */
export function seriesOf(shape, n, seed) {
  const random = randomOf(seed);
  const base = Math.exp(random.between(Math.log(15), Math.log(300)));
  const above = SHAPES[shape](random);
  const noise = noiseOf(random, n, random.between(0.002, 0.05), random.between(0, 0.6));
  return Array.from({ length: n }, (_, index) =>
    Math.max(1, Math.round(base * (1 + above(index / (n - 1))) + base * noise[index])),
  );
}

export function noiseOf(random, n, sigma, correlation) {
  let value = random.normal();
  return Array.from({ length: n }, () => {
    value = correlation * value + Math.sqrt(1 - correlation ** 2) * random.normal();
    return sigma * value;
  });
}

/** Twin services under one load (AR(1), shared), each with noise of its own; the candidate may be leaner and may leak. */
export function pairOf(n, seed, { leaner = 0, leak = 0 } = {}) {
  const random = randomOf(seed);
  const base = Math.exp(random.between(Math.log(30), Math.log(300)));
  const load = noiseOf(random, n, random.between(0.02, 0.1), random.between(0.5, 0.95));
  const make = (level, rise) => {
    const own = noiseOf(random, n, random.between(0.005, 0.04), random.between(0, 0.6));
    return Array.from({ length: n }, (_, index) =>
      Math.max(1, Math.round(level * (1 + load[index] + own[index]) + rise * (index / (n - 1)))),
    );
  };
  return { baseline: make(base, 0), candidate: make(base * (1 - leaner), leak * base) };
}
