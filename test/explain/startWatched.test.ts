import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askToEnd, readLines } from '../../src/explain/startWatched.ts';
import { fakeClock } from '../fixtures/clock.ts';

describe('what a command writes', () => {
  async function read(chunks: readonly (string | Buffer)[]) {
    const stream = new PassThrough();
    const passed: Buffer[] = [];
    const lines: string[] = [];
    readLines(
      stream,
      (chunk) => void passed.push(chunk),
      (line) => void lines.push(line),
    );
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
    await new Promise((resolve) => stream.once('end', resolve));
    return { lines, passed: Buffer.concat(passed) };
  }
  it.for([
    ['lines that come whole', ['one\ntwo\n'], ['one', 'two']],
    ['lines that come in pieces', ['on', 'e\nt', 'wo\n'], ['one', 'two']],
    ['an empty line', ['\n\n'], ['', '']],
    ['a last line without its end', ['one\ntwo'], ['one', 'two']],
    ['nothing', [], []],
  ] as const)('%s', async ([, chunks, want]) => expect((await read(chunks)).lines).toEqual(want));
  it('is handed on byte for byte, also what is no text', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x0a, 0x00, 0xc3]);
    const { lines, passed } = await read([bytes, 'x']);
    expect(passed).toEqual(Buffer.concat([bytes, Buffer.from('x')]));
    expect(lines).toEqual(['\xff\xfe', '\0\xc3x']);
  });
  it('of a line without an end only the last 4,096 characters are kept', async () => {
    const { lines, passed } = await read(['a'.repeat(10_000), 'bc']);
    expect([lines, passed.length]).toEqual([[`${'a'.repeat(4_094)}bc`], 10_002]);
  });
  it('a command without a pipe writes nothing to us', () => {
    const never = (): void => expect.unreachable();
    expect(() => readLines(null, never, never)).not.toThrow();
  });
});

describe('a target that is asked to end', () => {
  const ask = async (emptyMs: number) => {
    const clock = fakeClock();
    const signals: string[] = [];
    await askToEnd({ isEmpty: () => clock.now() >= emptyMs, signal: (name) => void signals.push(name) }, clock);
    return { signals, tookMs: clock.now() };
  };
  it.for([
    ['is gone already', 0, 0],
    ['needs a moment', 95, 100],
    ['does not end: it is not waited for any longer', Number.POSITIVE_INFINITY, 2_000],
  ] as const)('that %s', async ([, emptyMs, tookMs]) => {
    expect(await ask(emptyMs)).toEqual({ signals: ['SIGTERM'], tookMs });
  });
});
