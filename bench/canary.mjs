// The judge of growth against series of known shape, beside a judge of levels only. Reported on other seeds than it was tuned on.

import { classifyGrowth } from '../dist/lib/core/growth/classify.js';
import { judge } from '../dist/lib/core/growth/judge.js';
import { median } from './box.mjs';
import { pairOf, randomOf, SHAPE_NAMES, seriesOf } from './growthSimulation.mjs';

const SERIES = 200;
/** Thresholds were chosen on seeds below a million. */
const FIRST_SEED = Number(process.env.BENCH_SEED ?? 5_000_000);
const percent = (count, of) => `${((100 * count) / of).toFixed(1)} %`;

export function growthClasses() {
  const lengths = [60, 120, 300];
  const lines = [
    `| shape | ${lengths.map((n) => `n = ${n}`).join(' | ')} | taken for |`,
    `|---|${lengths.map(() => '---|').join('')}---|`,
  ];
  const means = lengths.map(() => 0);
  for (const [which, shape] of SHAPE_NAMES.entries()) {
    const wrong = new Map();
    const right = lengths.map((n, column) => {
      let count = 0;
      for (let one = 0; one < SERIES; one += 1) {
        const found = classifyGrowth(seriesOf(shape, n, FIRST_SEED + which * 100_000 + n * 300 + one), 1_000).shape;
        if (found === shape) count += 1;
        else wrong.set(found, (wrong.get(found) ?? 0) + 1);
      }
      means[column] += count / SERIES / SHAPE_NAMES.length;
      return percent(count, SERIES);
    });
    const taken = [...wrong].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`);
    lines.push(`| ${shape} | ${right.join(' | ')} | ${taken.join(', ')} |`);
  }
  lines.push(`| mean | ${means.map((mean) => `${(100 * mean).toFixed(1)} %`).join(' | ')} | |`);
  return lines;
}

/** Mann–Whitney with an effect size, as judges of levels have it: fails when p < 0.01 and the mean is over a quarter higher. */
function levelJudge({ baseline, candidate }) {
  const all = [...baseline.map((value) => [value, 0]), ...candidate.map((value) => [value, 1])].sort(
    (a, b) => a[0] - b[0],
  );
  let ranks = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to][0] === all[from][0]) to += 1;
    for (let i = from; i < to; i += 1) if (all[i][1] === 1) ranks += (from + 1 + to) / 2;
    from = to;
  }
  const [n, m] = [candidate.length, baseline.length];
  const u = ranks - (n * (n + 1)) / 2;
  const z = (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return z > 2.326 && mean(candidate) > 1.25 * mean(baseline);
}

export function canaryVerdicts() {
  const lines = ['| case | n | found by the judge | by levels only |', '|---|---|---|---|'];
  const cases = [
    ['twins: false fail', {}, [60, 120, 300]],
    ['leaks 30 % of the baseline', { leak: 0.3 }, [60, 120, 300]],
    ['the same, 20 to 40 % leaner', { leak: 0.3, leaner: true }, [60, 120, 300]],
    ['20 to 40 % leaner, no leak: false fail', { leaner: true }, [60, 120]],
  ];
  for (const [which, [name, how, lengths]] of cases.entries()) {
    for (const n of lengths) {
      let [ours, theirs] = [0, 0];
      const runs = 500;
      for (let one = 0; one < runs; one += 1) {
        const seed = FIRST_SEED + 7_000_000 + which * 1_000_000 + n * 1_000 + one;
        const pair = pairOf(n, seed, { ...how, leaner: how.leaner ? randomOf(seed + 1).between(0.2, 0.4) : 0 });
        if (judge([{ name: 'tasks', ...pair }], 1_000).verdict === 'fail') ours += 1;
        if (levelJudge(pair)) theirs += 1;
      }
      lines.push(`| ${name} | ${n} | ${percent(ours, runs)} | ${percent(theirs, runs)} |`);
    }
  }
  const pair = pairOf(600, 1);
  const times = Array.from({ length: 60 }, () => {
    const before = performance.now();
    judge([{ name: 'tasks', ...pair }], 1_000);
    return performance.now() - before;
  });
  lines.push(`a verdict at n = 600: median ${median(times.slice(20)).toFixed(2)} ms`);
  return lines;
}
