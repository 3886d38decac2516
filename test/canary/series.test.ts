import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairSeries } from '../../src/canary/pair.ts';
import { parseSeries, type SeriesPoint } from '../../src/canary/recording.ts';

const header = '{"schema":"threadguard.samples/1","target":"unit:a"}\n';
const lines = (count: number, stepMs = 1_000, over: (index: number) => object = () => ({})) =>
  Array.from(
    { length: count },
    (_, index) => `${JSON.stringify({ timeMs: index * stepMs, tasks: 10 + index, ...over(index) })}\n`,
  ).join('');

describe('a recording', () => {
  it('with its header or as an incident has it', () => {
    expect(parseSeries(header + lines(3), 'f')).toMatchObject({
      label: 'unit:a',
      points: [{ tasks: 10 }, { tasks: 11 }, { tasks: 12 }],
    });
    expect(parseSeries(lines(2), 'f')).toMatchObject({ label: 'f', points: [{ timeMs: 0 }, { timeMs: 1_000 }] });
  });
  it.each<[string, string, RegExp]>([
    ['cut short', `${lines(3)}{"timeMs":30`, /^f:4: the last line is cut short/],
    ['no JSON in the middle', `x\n${lines(1)}`, /^f:1: not a JSON object/],
    ['a list', '[1]\n{}\n', /^f:1: not a JSON object/],
    ['another schema', '{"schema":"other/1"}\n', /^f:1: schema is "other\/1"/],
    ['a number that is none', lines(2, 1_000, (index) => (index === 1 ? { tasks: null } : {})), /^f:2: tasks is null/],
    ['a field that is missing', '{"timeMs":1}\n', /^f:1: tasks is missing/],
    ['less than nothing', '{"timeMs":1,"tasks":-1}\n', /^f:1: tasks is -1/],
    [
      'a clock that steps back',
      '{"timeMs":5,"tasks":1}\n{"timeMs":4,"tasks":1}\n',
      /^f:2: timeMs goes back, from 5 to 4/,
    ],
    ['nothing', '', /^f holds no sample/],
    ['a header alone', header, /^f holds no sample/],
  ])('%s is refused by line and field', (_, text, want) => {
    expect(() => parseSeries(text, 'f')).toThrow(want);
  });
  it('any text is read or refused, nothing else', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.string({ maxLength: 6 }), (at, insert) => {
        const good = header + lines(4);
        try {
          expect(parseSeries(good.slice(0, at) + insert + good.slice(at), 'f').points.length).toBeGreaterThan(0);
        } catch (error) {
          expect((error as { hint?: string }).hint).toBeTypeOf('string');
        }
      }),
      { numRuns: 500 },
    );
  });
});

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
});
