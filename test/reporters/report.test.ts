import { describe, expect, it } from 'vitest';
import { reportHtml } from '../../src/reporters/report/html.ts';
import { reportMarkdown } from '../../src/reporters/report/markdown.ts';
import { pageOf } from '../../src/reporters/report/page.ts';
import { chartSvg } from '../../src/reporters/report/svg.ts';
import { HOSTILE, madeIncident } from '../fixtures/incident.ts';

describe('pageOf', () => {
  const page = pageOf(madeIncident());
  it('time is counted from the trip, for the curve and for what was done', () => {
    expect(page.chart.seconds.at(-1)).toBe(0);
    expect(page.chart.marks.map(({ at, label }) => [label, at])).toEqual([
      ['warn', -0.1],
      ['trip', 0],
      ['clamp', 0.001],
    ]);
    expect(page.steps.map(({ at }) => at)).toEqual(['−100 ms', '+0 ms', '+1 ms']);
  });
  it('a ceiling is drawn at the number of tasks that it allows', () => {
    expect(page.chart.lines).toEqual([{ label: 'pids.max of /app', value: 6000 }]);
  });
  it('says what to look at, and what raising a limit is for', () => {
    expect(page.next.join('\n')).toMatch(
      /Look at park_read .*makes 60% of the threads.*If the load is honest, raise pids\.max of \/app/s,
    );
  });
  it('says what was not seen', () => {
    expect(page.coverage.join('\n')).toMatch(/4,498 of 4,500 tasks.*stopped 6 times.*2 tasks ended/s);
  });
  it('of a long series the peak is drawn, and the most maps, each at its own time', () => {
    const samples = Array.from({ length: 50_000 }, (_, index) => ({
      timeMs: index * 100,
      tasks: index === 31_337 ? 5_900 : 300,
      maps: index === 12_345 ? 60_000 : 200,
      refused: 0,
    }));
    const { chart } = pageOf({ ...madeIncident(), samples });
    expect(chart.tasks.length).toBeLessThanOrEqual(2_000);
    expect(chart.seconds[chart.tasks.indexOf(5_900)]).toBeCloseTo((31_337 - 49_999) / 10, 6);
    expect(chart.seconds[chart.maps.indexOf(60_000)]).toBeCloseTo((12_345 - 49_999) / 10, 6);
    expect(chart.seconds.at(-1)).toBe(0);
  });
  it('an incident with nothing but a trip is a page too', () => {
    const { document } = madeIncident();
    const bare = pageOf({
      document: { ...document, headline: '', creators: [], groups: [], actions: [] },
      samples: [],
      ceilings: { before: [], after: [] },
      missing: ['limits.json cannot be read (ENOENT)'],
    });
    expect(bare.headline).toBe('4,500 tasks reach --max-tasks 4,500');
    expect(bare.coverage).toContain('limits.json cannot be read (ENOENT)');
    expect(chartSvg(bare.chart, String)).toContain('No samples');
  });
});

describe('hostile names stay inert', () => {
  const html = reportHtml(pageOf(madeIncident(HOSTILE)), { script: 'var uPlot', style: '' });
  it('no markup comes from them, and nothing turns the direction of a line', () => {
    expect(html.match(/<\/script>/g)).toHaveLength(3);
    expect(html).not.toContain('<img');
    expect(html.includes('\u001b') || html.includes('\u202e')).toBe(false);
    expect(html).toContain('\\u202e');
  });
  it('the policy lets nothing in, and no attribute carries a style or a script', () => {
    expect(html).toMatch(/content="default-src 'none'; script-src 'sha256-[^"]+; style-src 'sha256-[^"]+"/);
    expect(html).not.toMatch(/ style="| on[a-z]+="/);
  });
  it('Markdown has no markup of theirs', () => {
    expect(reportMarkdown(pageOf(madeIncident('a|b*c`d <b>')))).toMatch(/a\\\|b\\\*c\\`d \\<b\\>/);
  });
});
