import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { reportHtml } from '../../../src/reporters/report/html.ts';
import { reportMarkdown } from '../../../src/reporters/report/markdown.ts';
import { escapeHtml, hash, tableHtml } from '../../../src/reporters/report/markup.ts';
import { type Page, pageOf } from '../../../src/reporters/report/page.ts';
import { SCRIPT } from '../../../src/reporters/report/script.ts';
import { STYLE } from '../../../src/reporters/report/style.ts';
import { HOSTILE, madeIncident } from '../../fixtures/incident.ts';

const LIBRARY = { script: 'var uPlot', style: '.uplot{color:red}' };
const hostile = reportHtml(pageOf(madeIncident(HOSTILE)), LIBRARY);
const empty: Page = {
  headline: 'nothing',
  facts: [],
  chart: { seconds: [], tasks: [], maps: [], lines: [], marks: [] },
  creators: [],
  groups: [],
  steps: [],
  ceilings: [],
  coverage: [],
  next: [],
};

describe('hostile names stay inert', () => {
  it('no markup comes from them, and nothing turns the direction of a line', () => {
    expect(hostile.match(/<\/script>/g)).toHaveLength(3);
    expect(hostile).not.toContain('<img');
    expect(hostile.includes('\u001b') || hostile.includes('\u202e')).toBe(false);
    expect(hostile).toContain('\\u202e');
  });
  it('no attribute carries a style or a script', () => {
    expect(hostile).not.toMatch(/ style="| on[a-z]+="|javascript:/);
  });
  it('the data cannot end its element', () => {
    const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(hostile)?.[1] ?? '';
    expect(data).not.toMatch(/[<>&]/);
    expect(JSON.parse(data)).toEqual(pageOf(madeIncident(HOSTILE)).chart);
  });
});

describe('the policy of the page', () => {
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(hostile)?.[1] ?? '';
  it('lets nothing in', () => {
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-\S+ 'sha256-\S+; style-src 'sha256-\S+ 'sha256-\S+; base-uri 'none'; form-action 'none'$/,
    );
  });
  it('allows the very scripts and styles that are there, and no others', () => {
    const bodies = [...hostile.matchAll(/<(script|style)>([\s\S]*?)<\/\1>/g)].map(([, , body]) => body ?? '');
    expect(bodies).toEqual([LIBRARY.style, STYLE, LIBRARY.script, SCRIPT]);
    for (const body of bodies) expect(policy).toContain(hash(body));
    expect(policy.match(/sha256-/g)).toHaveLength(bodies.length);
  });
  it('without the library the page has its own script alone', () => {
    const page = reportHtml(pageOf(madeIncident()), { script: '', style: '' });
    expect(page.match(/sha256-/g)).toHaveLength(2);
    expect(page).toContain('<polyline class="tasks"');
  });
  it('a hash is that of the text', () => {
    expect(hash('var a')).toBe(`'sha256-${createHash('sha256').update('var a').digest('base64')}'`);
  });
});

describe('what is on it', () => {
  const html = reportHtml(pageOf(madeIncident()), LIBRARY);
  it('every part, in the order in which it is read', () => {
    expect([...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title)).toEqual([
      'Tasks against their ceilings',
      'Who makes the threads',
      'What the threads do',
      'What was done',
      'Ceilings',
      'What was seen, and what was not',
      'Next steps',
    ]);
  });
  it('the first three groups are open', () => {
    const many = madeIncident();
    const groups = Array.from(
      { length: 5 },
      () => many.document.groups[0] as NonNullable<(typeof many.document.groups)[0]>,
    );
    const page = reportHtml(pageOf({ ...many, document: { ...many.document, groups } }), LIBRARY);
    expect(page.match(/<details class="card" data-group open>/g)).toHaveLength(3);
    expect(page.match(/<details class="card" data-group>/g)).toHaveLength(2);
  });
  it('a group without a stack says that', () => {
    const made = madeIncident();
    const [group] = made.document.groups;
    const groups = [{ ...(group as NonNullable<typeof group>), frames: [], site: undefined, grew: 0 }];
    const page = reportHtml(pageOf({ ...made, document: { ...made.document, groups } }), LIBRARY);
    expect(page).toContain('No stack of them was read.');
    expect(page).not.toContain('class="grew"');
  });
  it('nothing at all is a page too', () => {
    const page = reportHtml(empty, LIBRARY);
    expect(page).toContain('Nobody was caught making one.');
    expect(page).toContain('No samples were kept.');
  });
  it('dark and light, a phone and paper, and no other file', () => {
    expect(STYLE).toMatch(/@media\(prefers-color-scheme:dark\)/);
    expect(STYLE).toMatch(/@media\(max-width:600px\).*@media print/s);
    expect(html).not.toMatch(/https?:|src=|<link|url\(|@import/);
  });
  it('the script is JavaScript', () => {
    expect(() => new Function(SCRIPT)).not.toThrow();
  });
});

describe('escapeHtml', () => {
  it.for([
    ['<b title="x">it\'s & more</b>', '&#60;b title=&#34;x&#34;&#62;it&#39;s &#38; more&#60;/b&#62;'],
    ['a\u202eb\u2066c\u200fd\u061ce', 'a\\u202eb\\u2066c\\u200fd\\u061ce'],
    ['plain é中🧵', 'plain é中🧵'],
    ['', ''],
  ] as const)('%j', ([text, want]) => {
    expect(escapeHtml(text)).toBe(want);
  });
  it('tables escape their heads and their cells; the first of a row is its name', () => {
    expect(tableHtml(['<a>'], [['<b>', '<c>']])).toBe(
      '<table><thead><tr><th>&#60;a&#62;</th></tr></thead><tbody><tr><td class="name">&#60;b&#62;</td><td>&#60;c&#62;</td></tr></tbody></table>',
    );
  });
});

describe('Markdown', () => {
  it('has no markup of hostile names', () => {
    expect(reportMarkdown(pageOf(madeIncident('a|b*c`d <b>')))).toMatch(/a\\\|b\\\*c\\`d \\<b\\>/);
  });
  it('a code span cannot be left', () => {
    const text = reportMarkdown(pageOf(madeIncident('x` **bold** `y')));
    const spans = text.split('\n').filter((line) => /^ {2}- `/.test(line));
    expect(spans.length).toBeGreaterThan(0);
    for (const span of spans) expect(span.match(/`/g)).toHaveLength(2);
  });
  it('has every part', () => {
    const text = reportMarkdown(pageOf(madeIncident()));
    expect(text).toMatch(/^# spawn /);
    expect(text.match(/^## .*/gm)).toEqual([
      '## Who makes the threads',
      '## What the threads do',
      '## What was done',
      '## Ceilings',
      '## What was seen, and what was not',
      '## Next steps',
    ]);
    expect(text).toContain('| −100 ms | warn | 3,880 tasks |');
    expect(text).toContain('←');
  });
  it('tables have as many cells as columns', () => {
    const lines = reportMarkdown(pageOf(madeIncident('a | b'))).split('\n');
    for (const line of lines.filter((one) => one.startsWith('| '))) {
      const cells = line.replaceAll('\\|', '').match(/\|/g)?.length;
      expect([4, 6]).toContain(cells);
    }
  });
  it('twenty groups, and how many more there are', () => {
    const made = madeIncident();
    const groups = Array.from(
      { length: 23 },
      () => made.document.groups[0] as NonNullable<(typeof made.document.groups)[0]>,
    );
    expect(reportMarkdown(pageOf({ ...made, document: { ...made.document, groups } }))).toContain(
      '- and 3 more groups',
    );
  });
  it('nothing at all', () => {
    expect(reportMarkdown(empty)).toContain('Nobody was caught making one.');
  });
});
