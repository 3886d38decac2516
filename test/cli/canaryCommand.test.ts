import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headerLine, pointLine } from '../../src/canary/recording.ts';
import { commandLine } from '../fixtures/commandLine.ts';
import { schemaErrors } from '../setup/schema.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tgcanary-'));
  const record = (name: string, tasksAt: (second: number) => number, seconds = 300): void => {
    const lines = Array.from({ length: seconds }, (_, second) =>
      pointLine({ timeMs: 1_000 * second, tasks: tasksAt(second) }),
    );
    const header = headerLine({ target: `unit:${name}`, everyMs: 1_000, started: '2026-01-02T03:04:05.000Z' });
    writeFileSync(join(dir, name), header + lines.join(''));
  };
  record('old', (second) => 100 + (second % 3));
  record('same', (second) => 100 + ((second + 1) % 3));
  record('higher', (second) => 120 + (second % 3));
  record('leak', (second) => 100 + (second % 3) + second);
  record('short', () => 100, 5);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const canary = (candidate: string, ...words: string[]) =>
  commandLine(
    'canary',
    '--baseline',
    `file:${join(dir, 'old')}`,
    '--candidate',
    `file:${join(dir, candidate)}`,
    ...words,
  );

describe('a canary of two recordings', () => {
  it.for([
    ['same', [], 0, /^pass /],
    ['leak', [], 91, /^fail .*tasks: grew by/],
    ['short', [], 93, /^inconclusive /],
    ['short', ['--on-inconclusive', 'pass'], 0, /^inconclusive /],
    ['short', ['--on-inconclusive', 'fail'], 91, /^inconclusive /],
    ['short', ['--on-inconclusive', 'wait'], 93, /^inconclusive /],
    ['higher', ['--tolerance', '50%'], 0, /^pass /],
    ['higher', ['--tolerance', '1%'], 91, /^fail /],
    ['higher', ['--tolerance', '25%', '--pass', '100', '--marginal', '50'], 92, /^marginal /],
    ['higher', ['--tolerance', '25%', '--marginal', '50', '--on-marginal', 'pass'], 0, /^marginal /],
    ['higher', ['--tolerance', '25%', '--marginal', '50', '--on-marginal', 'fail'], 91, /^marginal /],
    ['higher', ['--tolerance', '25%', '--pass', '0', '--marginal', '0'], 0, /^pass /],
  ] as const)('%s %j ends with %i', async ([candidate, words, exitCode, out]) => {
    const ended = await canary(candidate, ...words);
    expect([ended.exitCode, ended.err]).toEqual([exitCode, '']);
    expect(ended.out).toMatch(out);
  });
  it('a hostile name of a target cannot reach the terminal', async () => {
    const name = join(dir, 'hostile');
    const points = Array.from({ length: 60 }, (_, second) =>
      pointLine({ timeMs: 1_000 * second, tasks: 100 + (second % 3) }),
    );
    writeFileSync(name, headerLine({ target: 'pid 7 (a\u001b[2J\n)', everyMs: 1_000, started: '' }) + points.join(''));
    for (const { out } of [await canary('hostile'), await commandLine('suggest-limit', name)])
      expect(out).toMatch(/pid 7 \(a\\x1b\[2J\\x0a\)/);
  });
  it('--json is one document that keeps its schema', async () => {
    const { out } = await canary('leak', '--json');
    expect(out.trimEnd()).not.toContain('\n');
    expect(JSON.parse(out)).toMatchObject({ verdict: 'fail', baseline: 'unit:old', candidate: 'unit:leak' });
    expect(schemaErrors('canary.json', JSON.parse(out))).toEqual([]);
  });
  it('--html writes the page, or says why it cannot', async () => {
    const page = join(dir, 'page.html');
    expect((await canary('leak', '--html', page)).exitCode).toBe(91);
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>.*unit:leak/is);
    expect(await canary('leak', '--html', '/nowhere/page.html')).toMatchObject({
      exitCode: 125,
      err: expect.stringMatching(/cannot write \/nowhere\/page\.html \(ENOENT\)\n {2}hint: .*--html/),
    });
  });
  it('--load-metric must be in both recordings', async () => {
    expect(await canary('same', '--load-metric', 'requests')).toMatchObject({
      exitCode: 125,
      err: expect.stringMatching(/old:2: requests is missing/),
    });
  });
});

describe('suggest-limit', () => {
  it('gives the limit as each tool wants it, and why', async () => {
    const { exitCode, out } = await commandLine('suggest-limit', join(dir, 'old'), join(dir, 'higher'));
    expect(exitCode).toBe(0);
    expect(out).toMatch(
      /^systemd: {5}TasksMax=(\d+)\nkubelet: {5}podPidsLimit: \d+ .*\nthreadguard: --max-tasks \1\n {2}unit:old /,
    );
  });
  it('gives none for a series that grows, and that is exit 1', async () => {
    const { exitCode, out } = await commandLine('suggest-limit', join(dir, 'leak'));
    expect(exitCode).toBe(1);
    expect(out).toMatch(/no limit follows from a series that grows/);
    expect(out).not.toMatch(/TasksMax/);
  });
  it('--json keeps its schema in both cases', async () => {
    for (const [name, exitCode] of [
      ['old', 0],
      ['leak', 1],
    ] as const) {
      const ended = await commandLine('suggest-limit', '--json', join(dir, name));
      expect(ended.exitCode).toBe(exitCode);
      expect(schemaErrors('suggest-limit.json', JSON.parse(ended.out))).toEqual([]);
    }
  });
});

describe('record', () => {
  it.for([
    [['--target', 'pid:1', '--out'], 'out.ndjson', 'taken', /EEXIST\)\n {2}hint: it is there already/],
    [
      ['--target', 'pid:1', '--out'],
      'nowhere/out.ndjson',
      undefined,
      /ENOENT\)\n {2}hint: name a file that can be written/,
    ],
  ] as const)('%j %s is refused where it cannot write', async ([words, name, content, want]) => {
    const path = join(dir, name);
    if (content !== undefined) writeFileSync(path, content);
    const ended = await commandLine('record', ...words, path);
    expect([ended.exitCode, ended.err]).toEqual([1, expect.stringMatching(want)]);
    if (content !== undefined) expect(readFileSync(path, 'utf8')).toBe(content);
  });
  it('of a recording is refused: there is nothing to watch', async () => {
    const words = ['--target', `file:${join(dir, 'old')}`, '--out', join(dir, 'copy')];
    expect(await commandLine('record', ...words)).toMatchObject({
      exitCode: 125,
      err: expect.stringMatching(/is a recording already\n {2}hint: name what runs: pid:N/),
    });
  });
});
