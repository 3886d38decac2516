import { describe, expect, it } from 'vitest';
import { gridsOf, pairSeries } from '../../src/canary/pair.ts';
import { parseSeries, type SeriesPoint } from '../../src/canary/recording.ts';

const lines = (count: number, stepMs = 1_000, over: (index: number) => object = () => ({})) =>
  Array.from(
    { length: count },
    (_, index) => `${JSON.stringify({ timeMs: index * stepMs, tasks: 10 + index, ...over(index) })}\n`,
  ).join('');

describe('a pair', () => {
  const points = (stepMs: number, count: number, skip: (index: number) => boolean = () => false): SeriesPoint[] =>
    Array.from({ length: count }, (_, index) => ({
      timeMs: 5_000 + index * stepMs,
      tasks: index,
      maps: index > 2 ? 2 * index : undefined,
    })).filter((__, index) => !skip(index));
  const pair = (a: SeriesPoint[], b: SeriesPoint[]) => pairSeries({ label: 'a', points: a }, { label: 'b', points: b });
  it('is as long as the shorter one, at the distance of the slower one', () => {
    const { metrics, stepMs } = pair(points(1_000, 61), points(500, 61));
    expect(stepMs).toBe(1_000);
    expect(metrics.get('tasks')?.baseline).toHaveLength(31);
    expect(metrics.get('tasks')?.candidate[10]).toBe(21);
    expect(metrics.has('memoryBytes')).toBe(false);
  });
  it('says when a fifth of the time is missing, and not when little is', () => {
    expect(
      pair(
        points(1_000, 100, (index) => index > 20 && index < 50),
        points(1_000, 100),
      ).doubts,
    ).toEqual(['a has gaps: 29% of its time was not sampled']);
    expect(
      pair(
        points(1_000, 100, (index) => index % 10 === 0),
        points(1_000, 100),
      ).doubts,
    ).toEqual([]);
  });
  it('has its load from a field of both, or from processor time', () => {
    const text = (more: (index: number) => object) => lines(60, 1_000, more);
    const withField = parseSeries(
      text((index) => ({ requests: index })),
      'f',
      'requests',
    );
    expect(pairSeries(withField, withField, 'requests').load?.baseline[30]).toBe(30);
    const withCpu = parseSeries(
      text((index) => ({ cpuMs: 250 * index })),
      'f',
      'cpu',
    );
    expect(pairSeries(withCpu, withCpu, 'cpu').load?.candidate[30]).toBe(250);
    expect(pairSeries(withCpu, withCpu).load).toBeUndefined();
    expect(() => parseSeries(lines(2), 'f', 'requests')).toThrow(/^f:1: requests is missing/);
    expect(() => parseSeries(lines(2), 'f', 'cpu')).toThrow(/^f:1: cpuMs is missing/);
  });
  it('never has more samples than a judge wants', () => {
    expect(pair(points(100, 5_000), points(100, 5_000)).metrics.get('tasks')?.baseline.length).toBeLessThanOrEqual(601);
  });
  it('of recordings of different length ends where the shorter one ends, each from its own start', () => {
    const [b, c] = gridsOf([
      { label: 'a', points: points(1_000, 100) },
      { label: 'b', points: points(1_000, 11).map((point) => ({ ...point, timeMs: point.timeMs + 60_000 })) },
    ]);
    expect(b).toEqual({ startMs: 5_000, stepMs: 1_000, count: 11, endMs: 15_000 });
    expect(c).toEqual({ startMs: 65_000, stepMs: 1_000, count: 11, endMs: 75_000 });
  });
  it('of single samples is a single step', () => {
    expect(pair(points(1_000, 1), points(1_000, 1)).metrics.get('tasks')).toEqual({ baseline: [0], candidate: [0] });
  });
  it('without a metric in one of them has none, and no load where one has none', () => {
    const bare = points(1_000, 60).map(({ timeMs, tasks }) => ({ timeMs, tasks }));
    const paired = pairSeries({ label: 'a', points: bare }, { label: 'b', points: points(1_000, 60) }, 'cpu');
    expect([...paired.metrics.keys()]).toEqual(['tasks']);
    expect(paired.load).toBeUndefined();
  });
});
