import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuardError } from '../../src/errors.ts';
import { readIncident } from '../../src/evidence/readIncident.ts';
import { reportHtml } from '../../src/reporters/report/html.ts';
import { reportMarkdown } from '../../src/reporters/report/markdown.ts';
import { pageOf } from '../../src/reporters/report/page.ts';
import { madeIncident } from '../fixtures/incident.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tgread-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const made = madeIncident();
const LINES = made.samples.map((sample) => `${JSON.stringify(sample)}\n`).join('');

/** Reads an incident whose files are these; `undefined` is a file that is missing. */
function readWith(files: Readonly<Record<string, string | undefined>> = {}) {
  const all: Record<string, string | undefined> = {
    'incident.json': JSON.stringify(made.document),
    'samples.ndjson': LINES,
    'limits.json': JSON.stringify(made.ceilings),
    ...files,
  };
  for (const [name, text] of Object.entries(all)) if (text !== undefined) writeFileSync(join(dir, name), text);
  return readIncident(dir);
}
const change = (change: object): string => JSON.stringify({ ...made.document, ...change });

it('is as it was written', () => {
  expect(readWith()).toEqual({ ...made, missing: [] });
});

describe('what is no incident is refused with a reason and a hint', () => {
  it.for([
    ['no file', undefined, /incident\.json cannot be read \(ENOENT\)/],
    ['an empty file', '', /no JSON, or cut short/],
    ['cut in the middle', JSON.stringify(made.document).slice(0, 300), /no JSON, or cut short/],
    ['null', 'null', /its schema is undefined, not threadguard\.incident\/1/],
    ['a list', '[]', /its schema is undefined/],
    ['another document', '{"schema":"threadguard.dump/1"}', /its schema is threadguard\.dump\/1/],
    ['a newer version', change({ schema: 'threadguard.incident/2' }), /not threadguard\.incident\/1/],
    ['nothing but its schema', '{"schema":"threadguard.incident/1"}', /fields of it are missing.*\(time\)/],
    ['groups that are no list', change({ groups: {} }), /\(groups\)/],
    ['a group that is none', change({ groups: [made.document.groups[0], 7] }), /\(groups\[1\]\)/],
    [
      'a frame without its function',
      change({ creators: [{ share: 1, source: '', frames: [{}] }] }),
      /\(creators\[0\]\.frames\[0\]\.function\)/,
    ],
    ['no coverage', change({ coverage: null }), /\(coverage\)/],
    [
      'a number that is none',
      change({ coverage: { ...made.document.coverage, stops: 'many' } }),
      /\(coverage\.stops\)/,
    ],
    ['nothing about the trip', change({ trip: undefined }), /\(trip\)/],
    ['a reason that is no text', change({ trip: { level: 'trip', reason: 7 } }), /\(trip\.reason\)/],
    ['a command that is no list', change({ command: 'sh -c x' }), /\(command\)/],
    ['an action without a time', change({ actions: [{ action: 'trip', message: '' }] }), /\(actions\[0\]\.time\)/],
  ] as const)('%s', ([, text, message]) => {
    const refused = () => readWith({ 'incident.json': text });
    expect(refused).toThrow(GuardError);
    expect(refused).toThrow(message);
    try {
      refused();
    } catch (error) {
      expect(error).toMatchObject({ code: 'no-incident', exitCode: 1, hint: expect.stringContaining('incident.json') });
    }
  });
});

describe('what lies beside it may be damaged: the rest stands, and it is said', () => {
  it.for([
    ['no samples', { 'samples.ndjson': undefined }, 0, ['samples.ndjson cannot be read (ENOENT)']],
    ['no samples were taken', { 'samples.ndjson': '' }, 0, []],
    ['samples that are cut', { 'samples.ndjson': LINES.slice(0, LINES.length - 20) }, 19, []],
    [
      'a line that is no sample',
      { 'samples.ndjson': `${LINES.split('\n')[0]}\n{"timeMs":"x","tasks":1}\n${LINES}` },
      1,
      [],
    ],
    ['maps that are no number', { 'samples.ndjson': '{"timeMs":1,"tasks":1,"maps":"x"}\n' }, 0, []],
    ['a line of JSON that is no object', { 'samples.ndjson': `null\n${LINES}` }, 0, []],
    ['no ceilings', { 'limits.json': undefined }, 20, ['limits.json cannot be read (ENOENT)']],
    [
      'ceilings that are cut',
      { 'limits.json': '{"before":[' },
      20,
      [expect.stringContaining('limits.json cannot be read')],
    ],
  ] as const)('%s', ([, files, samples, missing]) => {
    const incident = readWith(files);
    expect(incident.samples).toHaveLength(samples);
    expect(incident.missing).toEqual(missing);
  });
  it.for(['{}', 'null', '[]', '{"before":{},"after":[]}', '{"before":[],"after":[null]}'])(
    'ceilings of another shape: %s',
    (text) => {
      const { ceilings, missing } = readWith({ 'limits.json': text });
      expect(ceilings).toEqual({ before: [], after: [] });
      expect(missing).toEqual(['limits.json cannot be read (not as it should be)']);
    },
  );
  it('an incident with a trip that says nothing is one: earlier versions wrote it', () => {
    expect(readWith({ 'incident.json': change({ trip: { level: 'ok' } }) }).document.trip).toEqual({ level: 'ok' });
  });
  it('a hundred thousand samples and no more', () => {
    const line = `${JSON.stringify({ timeMs: 1, tasks: 2 })}\n`;
    expect(readWith({ 'samples.ndjson': line.repeat(100_010) }).samples).toHaveLength(100_000);
  });
});

it('an incident of any other values is refused or makes a page, and nothing else', () => {
  const keys = Object.keys(made.document).filter((key) => key !== 'schema');
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant(undefined));
  fc.assert(
    fc.property(fc.constantFrom(...keys), value, (key, odd) => {
      try {
        const page = pageOf(readWith({ 'incident.json': change({ [key]: odd }) }));
        reportHtml(page, { script: '', style: '' });
        reportMarkdown(page);
      } catch (error) {
        expect(error).toBeInstanceOf(GuardError);
      }
    }),
    { numRuns: 200, seed: 13 },
  );
});

it('samples of any bytes: some of them, never an error, and a page can be made', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(LINES.length), (raw, at) => {
      const damaged = `${LINES.slice(0, at)}${Buffer.from(raw).toString('latin1')}${LINES.slice(at)}`;
      const incident = readWith({ 'samples.ndjson': damaged });
      expect(incident.samples.length).toBeLessThanOrEqual(40);
      expect(pageOf(incident).chart.tasks.every(Number.isFinite)).toBe(true);
    }),
    { numRuns: 60, seed: 12 },
  );
});
