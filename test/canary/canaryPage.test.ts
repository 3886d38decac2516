import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chartsOf, writePage } from '../../src/canary/canaryPage.ts';
import { pairSeries } from '../../src/canary/pair.ts';
import type { SeriesPoint } from '../../src/canary/recording.ts';
import type { CanaryResult } from '../../src/canary/watchCanary.ts';
import { judge } from '../../src/core/growth/judge.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree();
});
afterEach(() => tree.remove());

function result(candidatePoints: readonly SeriesPoint[]): CanaryResult {
  const baseline = { label: 'old <b>', points: candidatePoints.map((point) => ({ ...point, tasks: 100 })) };
  const candidate = { label: 'new', points: candidatePoints };
  const paired = pairSeries(baseline, candidate);
  const metrics = [...paired.metrics].map(([name, values]) => ({ name, ...values }));
  return { judgement: judge(metrics, paired.stepMs), baseline, candidate, stepMs: paired.stepMs, paired };
}
const day = (at: number): SeriesPoint[] =>
  Array.from({ length: 86_400 }, (_, index) => ({
    timeMs: index * 1_000,
    tasks: index === at ? 5_000 : 100,
    memoryBytes: 1 << 20,
  }));

describe('the charts of a canary', () => {
  it.for([
    ['in the middle', 43_210],
    ['the first sample', 0],
    ['the last sample', 86_399],
  ] as const)('of a day show a peak of one second: %s', ([, at]) => {
    const [tasks] = chartsOf(result(day(at)));
    expect(tasks?.candidate.length).toBeLessThanOrEqual(601);
    expect(Math.max(...(tasks?.candidate ?? []))).toBe(5_000);
    expect(Math.max(...(tasks?.baseline ?? []))).toBe(100);
    const shown = tasks?.seconds[tasks.candidate.indexOf(5_000)] ?? 0;
    expect(Math.abs(shown - at)).toBeLessThanOrEqual(144);
  });
  it('are those of what was compared, in the units of each', () => {
    const charts = chartsOf(result(day(0).slice(0, 60)));
    expect(charts.map(({ label }) => label)).toEqual(['Tasks', 'Memory']);
    expect(charts.map(({ text }) => text(2_048))).toEqual(['2,048', '2.0 KiB']);
    expect(charts[0]?.seconds).toHaveLength(charts[0]?.candidate.length ?? 0);
  });
  it('of nothing are none', () => {
    const empty = { metrics: new Map(), load: undefined, stepMs: 1, doubts: [] };
    const series = { label: 'a', points: [] };
    expect(chartsOf({ ...result(day(0).slice(0, 60)), baseline: series, candidate: series, paired: empty })).toEqual(
      [],
    );
  });
});

describe('the page', () => {
  it('is one file, and names in it stay inert', () => {
    const path = `${tree.dir}/a.html`;
    writePage(path, result(day(7).slice(0, 60)));
    const html = readFileSync(path, 'utf8');
    expect(html).toMatch(/old &(lt|#60);b&(gt|#62);/);
    expect(html).not.toContain('old <b>');
    expect(html.match(/<svg/g)).toHaveLength(2);
  });
  it('that cannot be written says where', () => {
    expect(() => writePage('/nowhere/a.html', result(day(7).slice(0, 60)))).toThrow(
      'cannot write /nowhere/a.html (ENOENT)',
    );
  });
});

it('the page can be read by others, and written by its owner alone, whatever the umask', () => {
  const path = join(tree.dir, 'page.html');
  const umask = process.umask(0);
  try {
    writePage(path, result(day(0).slice(0, 20)));
  } finally {
    process.umask(umask);
  }
  expect(statSync(path).mode & 0o777).toBe(0o644);
});
