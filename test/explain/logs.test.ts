import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTail, readKernelLog } from '../../src/explain/logs.ts';
import { askToEnd, readLines } from '../../src/explain/startWatched.ts';
import { fakeClock } from '../fixtures/clock.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree();
});
afterEach(() => tree.remove());

describe('the end of a file', () => {
  it('is read each time anew, and no more than its last 64 KiB', () => {
    tree.write('log', 'first\n');
    const tail = openTail(join(tree.dir, 'log'));
    expect(tail.read()).toBe('first\n');
    appendFileSync(join(tree.dir, 'log'), `${'x'.repeat(100_000)}\nlast\n`);
    expect([tail.read().length, tail.read().endsWith('\nlast\n')]).toEqual([65_536, true]);
    tail.close();
  });
  it.for(['nowhere', '.', '/dev/null'] as const)('%s is nobody’s file', (path) => {
    const tail = openTail(path.startsWith('/') ? path : join(tree.dir, path));
    expect(tail.read()).toBe('');
    tail.close();
  });
});

describe('the kernel log', () => {
  it('is a record a line; one that may not be read is empty', () => {
    tree.write('kmsg', '4,1,2,-;a\n4,2,3,-;b\n');
    expect(readKernelLog(join(tree.dir, 'kmsg'))).toEqual(['4,1,2,-;a', '4,2,3,-;b']);
    expect(readKernelLog(join(tree.dir, 'nowhere'))).toEqual([]);
  });
});

describe('what a command prints', () => {
  const linesOf = async (chunks: readonly string[]) => {
    const lines: string[] = [];
    let passed = '';
    const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk, 'latin1')));
    readLines(
      stream,
      (chunk) => {
        passed += chunk.toString('latin1');
      },
      (line) => lines.push(line),
    );
    await new Promise((resolve) => stream.once('end', resolve));
    return { lines, passed };
  };
  it.for([
    ['lines in pieces', ['one\ntw', 'o\nthr', 'ee\n'], ['one', 'two', 'three']],
    ['a last line without its end', ['one\nlast'], ['one', 'last']],
    ['empty lines', ['\n\n'], ['', '']],
    ['nothing', [], []],
  ] as const)('%s', async ([, chunks, want]) => {
    const { lines, passed } = await linesOf(chunks);
    expect([lines, passed]).toEqual([want, chunks.join('')]);
  });
  it('of a line without an end only the last 4 KiB are kept, and all of it is handed on', async () => {
    const { lines, passed } = await linesOf(['x'.repeat(10_000), 'end\n']);
    expect([lines[0]?.length, passed.length]).toEqual([4_096 + 3, 10_004]);
  });
  it('a command without a pipe says nothing', () => {
    expect(() =>
      readLines(
        null,
        () => {},
        () => {},
      ),
    ).not.toThrow();
  });
});

describe('asking a command to end', () => {
  it.for([
    ['it ends at once', 0, 0],
    ['it takes a second', 1_000, 1_000],
    ['it does not end', Number.POSITIVE_INFINITY, 2_000],
  ] as const)('%s', async ([, emptyMs, want]) => {
    const clock = fakeClock();
    const signals: string[] = [];
    await askToEnd({ isEmpty: () => clock.now() >= emptyMs, signal: (signal) => void signals.push(signal) }, clock);
    expect([signals, clock.now()]).toEqual([['SIGTERM'], want]);
  });
});
