import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf } from '../../src/cli/failure.ts';
import { GuardError } from '../../src/errors.ts';
import { renderReport } from '../../src/session/incidentReport.ts';
import { madeIncident } from '../fixtures/incident.ts';

const FORMATS = ['html', 'md', 'json'] as const;
const made = madeIncident();
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'incident-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

interface Files {
  readonly document?: unknown;
  readonly samples?: unknown;
  readonly ceilings?: unknown;
}

/** Everything that `report` says of an incident: its pages, or the one error. */
function reported({ document = made.document, samples = made.samples, ceilings = made.ceilings }: Files): string {
  const lines = Array.isArray(samples) ? (samples as readonly unknown[]) : [samples];
  writeFileSync(join(dir, 'incident.json'), JSON.stringify(document));
  writeFileSync(join(dir, 'samples.ndjson'), lines.map((one) => `${JSON.stringify(one)}\n`).join(''));
  writeFileSync(join(dir, 'limits.json'), JSON.stringify(ceilings));
  return FORMATS.map((format) => {
    try {
      return renderReport(dir, format);
    } catch (error) {
      expect(error).toBeInstanceOf(GuardError);
      // Two lines: what and a hint. And the check of its shape found it, not the net below that.
      const { text } = failureOf(error);
      expect(text.split('\n')).toHaveLength(3);
      expect(text).not.toContain('that can be shown');
      return text;
    }
  }).join('');
}

/** Every place of a value, as the keys that lead to it. */
function places(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return [[...path], ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];
}

function changed(value: unknown, [key, ...rest]: readonly string[], put: unknown): unknown {
  if (key === undefined) return put;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
  const inner = changed(copy[key], rest, put);
  if (inner === undefined && !Array.isArray(value)) delete copy[key];
  else copy[key] = inner;
  return copy;
}

const STRANGE = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom<unknown>(
    undefined,
    null,
    {},
    [],
    [[]],
    [null],
    { toString: 1, valueOf: null },
    { length: 5 },
    { __proto__: null, constructor: 1 },
    1e308,
    -1e308,
    5e-324,
    Number.MAX_SAFE_INTEGER,
    -1,
    0.1,
    true,
    '',
    '__proto__',
    'constructor',
    '\u202e\u001b[31m',
  ),
);

describe('an incident that somebody has changed', { timeout: 120_000 }, () => {
  const all = { document: made.document, samples: made.samples, ceilings: made.ceilings };
  const everywhere = places(all).filter((path) => path.length > 0);

  it('each field in turn, by each of the strange values: pages or one line of our own', () => {
    // Groups, samples and actions are alike: the first of each is enough.
    const first = everywhere.filter((path) => !path.some((key) => /^[1-9]\d*$/.test(key)));
    const values: unknown[] = [undefined, null, 1e308, 'x', true, {}, [], [null], { toString: 1 }];
    for (const path of first) for (const value of values) reported(changed(all, path, value) as Files);
  });
  it('several fields, by any values', () => {
    const change = fc.tuple(fc.constantFrom(...everywhere), STRANGE);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let files: unknown = all;
        for (const [path, value] of changes) {
          try {
            files = changed(files, path, value);
          } catch {
            // An earlier change took away what this one was to change.
          }
        }
        const { ceilings, document, samples } = files as Files;
        reported({ document: document ?? null, samples, ceilings: ceilings ?? null });
      }),
      { numRuns: 300, seed: 14 },
    );
  });
  it('a field that is nested very deep is one line, too', () => {
    const deep = `{"x":${'['.repeat(200_000)}${']'.repeat(200_000)},`;
    writeFileSync(join(dir, 'incident.json'), JSON.stringify(made.document).replace('{', deep));
    for (const format of FORMATS) {
      try {
        expect(renderReport(dir, format)).not.toBe('');
      } catch (error) {
        expect(error).toMatchObject({ code: 'no-incident', exitCode: 1 });
      }
    }
  });
  it.each([
    ['a schema that is no text', { toString: 1 }, /its schema is a object, not/],
    ['a schema with escape sequences', '\u001b[31m', /its schema is \\x1b\[31m, not/],
  ])('%s', (_, schema, want) => {
    expect(reported({ document: { ...made.document, schema } })).toMatch(want);
  });
  it('a list with a hundred thousand items is not taken apart', () => {
    const names = new Array(100_000).fill('x');
    expect(reported({ document: { ...made.document, runtimes: names } })).toContain('(runtimes)');
  });
  it('a drawing of numbers that are far apart has an end', () => {
    const samples = [1, 2 ** 52, 2, 2 ** 53 - 1].map((timeMs) => ({ timeMs, tasks: 2 ** 53 - 1 }));
    expect(reported({ samples })).toContain('<svg');
  });
});

describe('names that a terminal, a page or a reader would act on', () => {
  // Cursor and colours, C1, direction, no width, line separators, a tag character, half a pair.
  const marks = [
    '\u001b[2J',
    '\u009b31m',
    '\u202e',
    '\u2066',
    '\u200b',
    '\ufeff',
    '\u2028',
    '\r',
    '\u{e0041}',
    '\ud800',
  ];

  it.each(marks)('%j reaches neither HTML nor Markdown', (mark) => {
    const named = madeIncident(`a${mark}b`);
    const fields = places(named.document).filter((path) => path.length > 0 && path[0] !== 'schema');
    let document: unknown = named.document;
    for (const path of fields) {
      const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], named.document);
      if (typeof value === 'string') document = changed(document, path, `${value}${mark}`);
    }
    writeFileSync(join(dir, 'incident.json'), JSON.stringify(document));
    writeFileSync(
      join(dir, 'limits.json'),
      JSON.stringify(changed(named.ceilings, ['after', '0', 'path'], `/a${mark}`)),
    );
    for (const format of ['html', 'md'] as const) {
      const page = renderReport(dir, format);
      expect(page.includes(mark)).toBe(false);
      expect(page).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?![\n\t])\p{Cc}/u);
    }
    const json: unknown = JSON.parse(renderReport(dir, 'json'));
    expect(json).toMatchObject({ headline: `${named.document.headline}${mark}` });
  });
});
