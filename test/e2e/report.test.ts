import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOSTILE, madeIncident } from '../fixtures/incident.ts';
import { makeBox, THREADGUARD } from './harness.ts';

let dir: string;
let browser: Browser;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tgreport-'));
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser.close();
  rmSync(dir, { recursive: true, force: true });
});

function incidentDir(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(dir, 'incident-'));
  const { ceilings, document, samples } = madeIncident(HOSTILE);
  const all = {
    'incident.json': JSON.stringify(document),
    'samples.ndjson': samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''),
    'limits.json': JSON.stringify(ceilings),
    ...files,
  };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(path, name), text);
  return path;
}

async function report(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const box = makeBox(100);
  try {
    return await box.start([THREADGUARD, 'report', ...args]).ended;
  } finally {
    await box.remove();
  }
}

describe('the page in a browser', () => {
  async function open(options: Parameters<Browser['newContext']>[0]): Promise<{ page: Page; troubles: string[] }> {
    const { out } = await report(incidentDir());
    const file = join(mkdtempSync(join(dir, 'page-')), 'report.html');
    writeFileSync(file, out);
    const page = await (await browser.newContext(options)).newPage();
    const troubles: string[] = [];
    page.on('console', (message) => troubles.push(message.text()));
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('dialog', (dialog) => {
      troubles.push('a dialog');
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (request.url() !== `file://${file}`) troubles.push(request.url());
    });
    await page.goto(`file://${file}`);
    return { page, troubles };
  }
  it('the first line is the sentence; the chart is drawn; nothing is loaded, said or run', async () => {
    const { page, troubles } = await open({});
    expect(await page.locator('h1').textContent()).toMatch(/^spawn \(\/app\/server\.py:26\) makes 60% of the threads/);
    expect(await page.locator('.uplot canvas').count()).toBe(1);
    expect(await page.locator('#drawing').isVisible()).toBe(false);
    expect(await page.locator('img').count()).toBe(0);
    expect(troubles).toEqual([]);
  });
  it('the filter leaves the groups that have all of its words', async () => {
    const { page, troubles } = await open({});
    await page.fill('#filter', 'READING park_read');
    expect(await page.locator('[data-group]:visible').count()).toBe(1);
    expect(await page.locator('#shown').textContent()).toBe('1 of 2 groups');
    await page.fill('#filter', '');
    expect(await page.locator('[data-group]:visible').count()).toBe(2);
    expect(troubles).toEqual([]);
  });
  it('without scripts it is whole: the drawing, the groups, what was done', async () => {
    const { page } = await open({ javaScriptEnabled: false });
    expect(await page.locator('#drawing svg polyline.tasks').count()).toBe(1);
    expect(await page.locator('#filter').isVisible()).toBe(false);
    expect(await page.locator('[data-group]').count()).toBe(2);
    expect(await page.locator('table').first().textContent()).toContain('growth stopped');
  });
  it.for([
    ['a phone', { viewport: { width: 390, height: 844 } }],
    ['dark', { colorScheme: 'dark' }],
  ] as const)('%s: nothing runs out of the page', async ([, options]) => {
    const { page } = await open(options);
    const [wide, seen] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [
      number,
      number,
    ];
    expect(wide).toBeLessThanOrEqual(seen);
  });
});

describe('formats and bad input', () => {
  it('--format json and md', async () => {
    const path = incidentDir();
    expect(JSON.parse((await report(path, '--format', 'json')).out)).toMatchObject({
      schema: 'threadguard.incident/1',
    });
    expect((await report(path, '--format', 'md')).out).toMatch(/^# spawn /);
  });
  const BAD: readonly (readonly [name: string, path: () => string, message: RegExp])[] = [
    ['no such directory', () => '/nope', /incident\.json cannot be read \(ENOENT\)/],
    ['a directory that is none', () => dir, /is no incident/],
    ['one that was cut short', () => incidentDir({ 'incident.json': '{"schema":"threadguard.inc' }), /cut short/],
    ['another schema', () => incidentDir({ 'incident.json': '{"schema":"x/1"}' }), /its schema is x\/1/],
    ['fields missing', () => incidentDir({ 'incident.json': '{"schema":"threadguard.incident/1"}' }), /fields of it/],
  ];
  it.for(BAD)('%s: exit 1 with a hint', async ([, path, message]) => {
    const { code, err } = await report(path());
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(message) });
    expect(err).toMatch(/\n {2}hint: /);
  });
  it('what lies beside it may be damaged: the rest stands, and it is said', async () => {
    const { code, out } = await report(
      incidentDir({ 'samples.ndjson': '{"timeMs":1,"tasks":2}\n{"timeMs":', 'limits.json': '' }),
      '--format',
      'md',
    );
    expect(code).toBe(0);
    expect(out).toContain('limits.json cannot be read');
  });
});
