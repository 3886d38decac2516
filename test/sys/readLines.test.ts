import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainLog } from '../../src/cli/explainLog.ts';
import { readAtMost, readLines } from '../../src/sys/readLines.ts';

const CHUNK = 64 * 1024;
let dir: string;
let file: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'lines-'));
  file = join(dir, 'log');
});
afterAll(() => rmSync(dir, { recursive: true }));

function linesOf(text: string | Buffer): string[] {
  writeFileSync(file, text);
  return [...readLines(file, 'latin1')].map((line) => line.text);
}

// A busy machine reads 256 MiB slowly.
const GENEROUS = { timeout: 60_000 };

describe('lines of a file', GENEROUS, () => {
  it.each([
    ['an empty file', '', []],
    ['one line', 'a\n', ['a']],
    ['one that is not ended', 'a\nb', ['a', 'b']],
    ['empty ones', '\n\na\n', ['', '', 'a']],
  ])('%s', (_, text, want) => {
    expect(linesOf(text)).toEqual(want);
  });
  it('says of the last one whether it was ended', () => {
    writeFileSync(file, 'a\nb');
    expect([...readLines(file, 'utf8')].map(({ isEnded }) => isEnded)).toEqual([true, false]);
  });
  it('are those of the whole text, wherever a chunk ends', () => {
    const line = fc.nat(CHUNK).map((length) => 'x'.repeat(length));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        expect(linesOf(lines.map((one) => `${one}\n`).join(''))).toEqual(lines);
      }),
      { numRuns: 50, seed: 7 },
    );
  });
  it('a letter of several bytes lies in two chunks', () => {
    writeFileSync(file, `${'x'.repeat(CHUNK - 1)}ä\n`.slice(1));
    expect([...readLines(file, 'utf8')].map(({ text }) => text.at(-1))).toEqual(['ä']);
  });
  it('one that is longer than 64 KiB is cut, and the next one is whole', () => {
    const lines = linesOf(`${'x'.repeat(10 * CHUNK)}\nnext\n`);
    expect(lines.map(({ length }) => length)).toEqual([CHUNK, 4]);
  });
  it('the file is closed by a reader who stops early', () => {
    writeFileSync(file, 'a\n'.repeat(100_000));
    for (let round = 0; round < 2_000; round += 1) for (const _ of readLines(file, 'utf8')) break;
    expect(closeSync(openSync(file, 'r'))).toBeUndefined();
  });
  it('a file that is not there is an error with its errno', () => {
    expect(() => [...readLines(join(dir, 'none'), 'utf8')]).toThrow(/ENOENT/);
    expect(() => readAtMost(join(dir, 'none'), 1)).toThrow(/ENOENT/);
  });
  it('a whole file is read up to a bound', () => {
    writeFileSync(file, 'x'.repeat(3 * CHUNK));
    expect(readAtMost(file, 3 * CHUNK)).toHaveLength(3 * CHUNK);
    expect(() => readAtMost(file, 3 * CHUNK - 1)).toThrow(expect.objectContaining({ code: 'EFBIG' }));
  });
});

it('a log of 256 MiB is explained without holding it', GENEROUS, () => {
  const fd = openSync(file, 'w');
  // Most of it is a hole: it takes no room on the disk.
  ftruncateSync(fd, 256 << 20);
  writeSync(fd, "\nRuntimeError: can't start new thread\n", 256 << 20);
  closeSync(fd);
  const before = process.memoryUsage().rss;
  expect(explainLog(file, false)).toMatchObject({ exitCode: 0, text: expect.stringMatching(/^line 2 \(python/) });
  expect(process.memoryUsage().rss - before).toBeLessThan(128 << 20);
});
it('a log in which every line tells of a refusal gives ten thousand of them', GENEROUS, () => {
  writeFileSync(file, "can't start new thread\n".repeat(30_000));
  const { messages } = JSON.parse(explainLog(file, true).text) as { messages: unknown[] };
  expect(messages).toHaveLength(10_000);
});
