import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incident } from '../../../src/core/incident.ts';
import type { Ceiling } from '../../../src/core/model.ts';
import { CEILING_COLUMNS, ceilingRows } from '../../../src/reporters/report/ceilingRows.ts';
import { type Chart, chartOf } from '../../../src/reporters/report/chart.ts';
import { nextSteps } from '../../../src/reporters/report/nextSteps.ts';
import { chartSvg, timelineSvg } from '../../../src/reporters/report/svg.ts';
import { twoSeriesSvg } from '../../../src/reporters/report/twoSeries.ts';
import { madeIncident } from '../../fixtures/incident.ts';

const made = madeIncident();
const [pidsMax] = made.ceilings.after as [Ceiling];
const withCeilings = (...after: readonly Ceiling[]): Incident => ({ ...made, ceilings: { before: [], after } });

describe('chartOf', () => {
  it('time is counted from the trip, for the curve and for what was done', () => {
    const chart = chartOf(made);
    expect(chart.seconds.at(-1)).toBe(0);
    expect(chart.marks.map(({ at, label }) => [label, at])).toEqual([
      ['warn', -0.1],
      ['trip', 0],
      ['clamp', 0.001],
    ]);
  });
  it('a ceiling is drawn at the number of tasks that it allows', () => {
    expect(chartOf(made).lines).toEqual([{ label: 'pids.max of /app', value: 6000 }]);
  });
  it('ceilings far above the curve, without a number or exempt are left out; the four tightest stay', () => {
    const at = (additionalThreads: Ceiling['additionalThreads'], more: Partial<Ceiling> = {}): Ceiling => ({
      ...pidsMax,
      additionalThreads,
      ...more,
    });
    expect(chartOf(withCeilings(at(100_000), at('unknown'), at('unlimited'), at(1, { exempt: true }))).lines).toEqual(
      [],
    );
    const lines = chartOf(withCeilings(...[60, 10, 50, 20, 40, 30].map((left) => at(left)))).lines;
    expect(lines.map(({ value }) => value)).toEqual([4510, 4520, 4530, 4540]);
  });
  it('of many samples every n-th is drawn, and the last', () => {
    const samples = Array.from({ length: 10_001 }, (_, index) => ({
      timeMs: index,
      tasks: index,
      maps: undefined,
      refused: undefined,
    }));
    const { maps, seconds, tasks } = chartOf({ ...made, samples });
    expect(tasks.length).toBeLessThanOrEqual(2_001);
    expect([tasks.at(-1), seconds.at(-1), maps[0]]).toEqual([10_000, 0, null]);
  });
  it('what the end was, and errors, are no marks; nor is a time that is none', () => {
    const actions = ['trip', 'exit', 'error', 'kill'].map((action) => ({
      time: action === 'kill' ? 'soon' : '2026-11-24T10:00:01.000Z',
      action,
      message: '',
    }));
    const { marks } = chartOf({ ...made, document: { ...made.document, actions } });
    expect(marks.map(({ label }) => label)).toEqual(['trip']);
  });
});

describe('the drawing', () => {
  const chart = chartOf(made);
  const draw = (change: Partial<Chart> = {}): string => chartSvg({ ...chart, ...change }, (text) => `[${text}]`);
  it('has the curve, the ceilings and what was done, with their labels made safe', () => {
    const svg = draw();
    expect(svg.match(/<polyline class="tasks"/g)).toHaveLength(1);
    expect(svg).toContain('[pids.max of /app]');
    expect([...svg.matchAll(/class="mark-label"[^>]*>(\[\w+\])/g)].map(([, label]) => label)).toEqual([
      '[warn]',
      '[trip]',
      '[clamp]',
    ]);
  });
  it('labels that are close go below one another', () => {
    const marks = [0, 0.001, 0.002].map((at) => ({ at, label: 'a' }));
    const heights = [...draw({ marks }).matchAll(/class="mark-label" x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) =>
      Number(y),
    );
    expect(new Set(heights).size).toBe(3);
  });
  it('one sample, and none', () => {
    expect(draw({ seconds: [0], tasks: [5], marks: [] })).toContain('<polyline');
    expect(draw({ seconds: [], tasks: [] })).toContain('No samples were kept.');
  });
  it('of any series stays in its frame', () => {
    const series = fc.array(fc.tuple(fc.double({ min: -1e6, max: 0, noNaN: true }), fc.nat(4_000_000)), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(series, (points) => {
        const sorted = points.toSorted((a, b) => a[0] - b[0]);
        const svg = draw({ seconds: sorted.map(([at]) => at), tasks: sorted.map(([, tasks]) => tasks), lines: [] });
        expect(svg).not.toMatch(/NaN|Infinity/);
        const drawn = /<polyline class="tasks" points="([^"]+)"/.exec(svg)?.[1] ?? '';
        for (const point of drawn.split(' ')) {
          const [x = 0, y = 0] = point.split(',').map(Number);
          expect(x >= 0 && x <= 960 && y >= 0 && y <= 300).toBe(true);
        }
      }),
      { numRuns: 100, seed: 14 },
    );
  });
});

describe('when threads began', () => {
  it('a bar for each part that has some, the largest to the top', () => {
    const svg = timelineSvg([0, 5, 10, 0]);
    expect([...svg.matchAll(/height="([\d.]+)"/g)].map(([, height]) => Number(height))).toEqual([11, 22]);
  });
  it('one thread among thousands can still be seen', () => {
    expect(timelineSvg([1, 10_000])).toContain('height="1.0"');
  });
  it('nothing', () => {
    expect(timelineSvg([0, 0])).not.toContain('<rect');
  });
});

describe('two series', () => {
  const draw = (baseline: readonly number[], candidate: readonly number[], seconds = [0, 5, 10]) =>
    twoSeriesSvg(
      { label: 'tasks <b>', seconds, baseline, candidate, text: (value) => `${value} t` },
      (text) => `[${text}]`,
    );
  it('both as lines from zero, with a scale that people read', () => {
    const svg = draw([1, 2, 3], [10, 20, 30]);
    expect(svg.match(/<polyline class="(baseline|candidate)"/g)).toHaveLength(2);
    expect(svg).toContain('[30 t]');
    expect(svg).toContain('[0 t]');
    expect(svg).toContain('>10 s<');
    expect(svg).toContain('aria-label="[tasks <b>] of both over time"');
  });
  it('nothing, and all zero', () => {
    expect(draw([], [], [])).not.toMatch(/NaN|Infinity/);
    expect(draw([0, 0], [0, 0])).not.toMatch(/NaN|Infinity/);
  });
});

describe('the table of ceilings', () => {
  it('the one that leaves the fewest threads first; what has no number last', () => {
    const rows = ceilingRows({
      before: [{ ...pidsMax, used: 4 }],
      after: [
        {
          ...pidsMax,
          name: 'memory.max',
          unit: 'bytes',
          used: 1536,
          limit: 'unlimited',
          additionalThreads: 'unlimited',
        },
        { ...pidsMax, name: 'RLIMIT_NPROC', path: 'uid 0', additionalThreads: 'unlimited', exempt: true },
        pidsMax,
        { ...pidsMax, name: 'kernel.pid_max', path: 'host', additionalThreads: 7, limit: 'unknown' },
      ],
    });
    expect(rows).toEqual([
      ['kernel.pid_max of host', '–', '4,500', 'unknown', '7'],
      ['pids.max of /app', '4', '4,500', '6,000', '1,500'],
      ['memory.max of /app', '–', '1.5 KiB', 'unlimited', '–'],
      ['RLIMIT_NPROC of uid 0', '–', '4,500', '6,000', 'exempt'],
    ]);
    for (const row of rows) expect(row).toHaveLength(CEILING_COLUMNS.length);
  });
  it('none', () => {
    expect(ceilingRows({ before: [], after: [] })).toEqual([]);
  });
});

describe('next steps', () => {
  it('what to look at, and what raising a limit is for', () => {
    expect(nextSteps(made).join('\n')).toMatch(
      /Look at park_read .*makes 60% of the threads.*why do its threads stay reading\?.*If the load is honest, raise pids\.max of \/app/s,
    );
  });
  it('nobody was caught', () => {
    const steps = nextSteps({ ...made, document: { ...made.document, creators: [] } });
    expect(steps[0]).toContain('--dump-timeout');
  });
  it('through a pool', () => {
    const creators = made.document.creators.map((one) => ({ ...one, executor: 'ThreadPoolExecutor' }));
    const [first] = nextSteps({ ...made, document: { ...made.document, creators } });
    expect(first).toContain('(through ThreadPoolExecutor)');
  });
  it('nothing is known: the stacks are named', () => {
    const document = { ...made.document, creators: [], groups: [], trip: { level: 'ok' as const } };
    expect(nextSteps({ ...made, document, ceilings: { before: [], after: [] } })).toHaveLength(2);
  });
});
