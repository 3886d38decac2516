/** Fewer levels are a step, more are no staircase any more. */
const LEAST_LEVELS = 3;
const MOST_LEVELS = 8;
/** The lowest of its rises is at least this share of the highest: one step and some noise is no staircase. */
const LEAST_ALIKE = 0.35;

/** A staircase that was laid through a series. */
interface StairsFit {
  readonly rss: number;
  readonly parameters: number;
  readonly values: readonly number[];
}

/**
 * Stairs whose steps may be anywhere, with the best places for each number of levels, by dynamic programming (optimal
 * partition). Only stairs whose rises are alike are returned; the caller chooses by their number of parameters.
 */
export function freeStairs(y: readonly number[]): StairsFit[] {
  const n = y.length;
  const { cost, mean } = segments(y);
  const least = Math.max(3, Math.floor(n / 20));
  let costs = Float64Array.from({ length: n + 1 }, (_, to) => (to < least ? Number.POSITIVE_INFINITY : cost(0, to)));
  const backs: Int32Array[] = [];
  const found: StairsFit[] = [];
  for (let levels = 2; levels <= MOST_LEVELS && levels * least <= n; levels += 1) {
    const next = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY);
    const back = new Int32Array(n + 1);
    for (let to = levels * least; to <= n; to += 1) {
      for (let from = (levels - 1) * least; from <= to - least; from += 1) {
        const total = (costs[from] as number) + cost(from, to);
        if (total < (next[to] as number)) {
          next[to] = total;
          back[to] = from;
        }
      }
    }
    costs = next;
    backs.push(back);
    if (levels < LEAST_LEVELS) continue;
    const values = levelsBetween(cutsOf(backs, n), mean);
    if (values === undefined) continue;
    found.push({ rss: Math.max(0, costs[n] as number), parameters: 2 * levels - 1, values });
  }
  return found;
}

/** Mean of a part of the series, and the sum of squares around it, each at once from running sums. */
function segments(y: readonly number[]): {
  mean(from: number, to: number): number;
  cost(from: number, to: number): number;
} {
  const sums = new Float64Array(y.length + 1);
  const squares = new Float64Array(y.length + 1);
  for (const [i, value] of y.entries()) {
    sums[i + 1] = (sums[i] as number) + value;
    squares[i + 1] = (squares[i] as number) + value ** 2;
  }
  const mean = (from: number, to: number): number => ((sums[to] as number) - (sums[from] as number)) / (to - from);
  return {
    mean,
    cost: (from, to) => (squares[to] as number) - (squares[from] as number) - (to - from) * mean(from, to) ** 2,
  };
}

/** Where each level begins, and the end: followed back from the last level. */
function cutsOf(backs: readonly Int32Array[], n: number): number[] {
  const cuts = [n];
  for (const back of backs.toReversed()) cuts.unshift(back[cuts[0] as number] as number);
  return [0, ...cuts];
}

/** The values of the stairs; `undefined` where their rises are not alike. */
function levelsBetween(
  cuts: readonly number[],
  mean: (from: number, to: number) => number,
): readonly number[] | undefined {
  const levels = cuts.slice(1).map((to, index) => mean(cuts[index] as number, to));
  const rises = levels.slice(1).map((level, index) => level - (levels[index] as number));
  if (Math.min(...rises) < LEAST_ALIKE * Math.max(...rises)) return undefined;
  return levels.flatMap((level, index) =>
    Array<number>((cuts[index + 1] as number) - (cuts[index] as number)).fill(level),
  );
}
