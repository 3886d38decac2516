import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainLog } from '../../src/cli/explainLog.ts';

let path: string;
beforeAll(() => {
  path = join(mkdtempSync(join(tmpdir(), 'tglog-')), 'a.log');
});
afterAll(() => rmSync(join(path, '..'), { recursive: true, force: true }));

const explain = (log: string | Buffer, isJson = false) => {
  writeFileSync(path, log);
  return explainLog(path, isJson);
};

const JVM =
  'java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits';

describe('a log', () => {
  it('without a refusal is exit 1', () => {
    expect(explain('started\nstopped\n')).toEqual({
      text: `${path} tells of no refused thread, process or map\n`,
      exitCode: 1,
    });
    expect(explain('').exitCode).toBe(1);
  });
  it('with one names the line, what was wanted, and which ceilings it can mean', () => {
    const { exitCode, text } = explain(`started\n${JVM}\n`);
    expect(exitCode).toBe(0);
    expect(text).toMatch(/^line 2 \(jvm, wanted a thread\): java\.lang\.OutOfMemoryError/);
    expect(text).toMatch(/a refused thread means: RLIMIT_NPROC, kernel\.threads-max/);
  });
  it('with many shows the first twenty, and has all of them in JSON', () => {
    const log = `${JVM}\n`.repeat(500);
    expect(explain(log).text.match(/^line /gm)).toHaveLength(20);
    expect(JSON.parse(explain(log, true).text)).toMatchObject({
      schema: 'threadguard.explain/1',
      log: path,
      messages: expect.objectContaining({ length: 500 }),
    });
  });
  it('in JSON without one is a document too, and exit 1', () => {
    const { exitCode, text } = explain('nothing\n', true);
    expect([exitCode, JSON.parse(text)]).toEqual([1, { schema: 'threadguard.explain/1', log: path, messages: [] }]);
  });
  it('that is no text does no harm', () => {
    const bytes = Buffer.concat([Buffer.from([0, 255, 254, 10]), Buffer.from(`\u001b[2J${JVM}\n`)]);
    expect(explain(bytes).text).not.toContain('\u001b');
  });
  it('that cannot be read is said', () => {
    expect(() => explainLog('/nowhere/log', false)).toThrow(/cannot read \/nowhere\/log \(ENOENT\)/);
  });
});
