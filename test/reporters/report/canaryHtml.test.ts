import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/core/growth/judge.ts';
import { type CanaryPage, canaryHtml } from '../../../src/reporters/report/canaryHtml.ts';
import { hash } from '../../../src/reporters/report/markup.ts';
import { HOSTILE } from '../../fixtures/incident.ts';

const flat = Array.from({ length: 120 }, (_, index) => 100 + (index % 3));
const leak = flat.map((value, index) => value + 2 * index);
const pageOf = (candidate: readonly number[], more: Partial<CanaryPage> = {}): string =>
  canaryHtml({
    judgement: judge([{ name: 'tasks', baseline: flat, candidate }], 1_000),
    baseline: 'pid:1',
    candidate: 'pid:2',
    charts: [
      {
        label: 'tasks',
        seconds: flat.map((_, index) => index),
        baseline: flat,
        candidate,
        text: (value) => String(Math.round(value)),
      },
    ],
    ...more,
  });

describe('the page of a canary', () => {
  it('a leak: the verdict, the sentence, and both lines', () => {
    const html = pageOf(leak);
    expect(html).toContain('<span class="verdict">fail</span>');
    expect(html.match(/<polyline class="(baseline|candidate)"/g)).toHaveLength(2);
    expect(html).toMatch(/<title>fail: /);
  });
  it('no difference', () => {
    expect(pageOf(flat)).toContain('<span class="verdict">pass</span>');
  });
  it('too little to tell: dashes in place of numbers', () => {
    const html = pageOf([], { charts: [] });
    expect(html).toContain('inconclusive');
    expect(html).toContain('<td>–</td>');
  });
  it('runs nothing, and its styles are the ones that its policy allows', () => {
    const html = pageOf(leak);
    expect(html).not.toMatch(/<script|https?:| style="/);
    const styles = [...html.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, style]) => style ?? '');
    expect(styles).toHaveLength(2);
    for (const style of styles) expect(html).toContain(hash(style));
    expect(html).toContain("default-src 'none'; style-src");
  });
  it('hostile names stay inert', () => {
    const html = pageOf(leak, { baseline: HOSTILE, candidate: HOSTILE });
    expect(html).not.toContain('<img');
    expect(html).not.toContain('\u202e');
  });
});
