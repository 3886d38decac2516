import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { handOn } from '../../src/launch/handOn.ts';
import { scratch } from '../targets/fakeMachine.ts';

const open: number[] = [];
afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd);
});

/** A stream that is handed on to a file; with `r` its descriptor takes nothing, as one whose reader is gone. */
function scene(flags: 'w' | 'r' = 'w') {
  const path = join(scratch(), 'out');
  writeFileSync(path, '');
  const fd = openSync(path, flags);
  open.push(fd);
  const stream = new PassThrough();
  const { left } = handOn(stream, fd);
  const drained = () => vi.waitFor(() => expect(left()).toBe(0), 5_000);
  return { drained, left, stream, text: () => readFileSync(path, 'latin1') };
}

describe('a stream that is handed on', () => {
  it('arrives whole and in order', async () => {
    const { drained, stream, text } = scene();
    const words = Array.from({ length: 200 }, (_, index) => `${index} `);
    for (const word of words) stream.emit('data', Buffer.from(word));
    await drained();
    expect(text()).toBe(words.join(''));
  });
  it('keeps its bytes, whatever they are', async () => {
    const { drained, stream, text } = scene();
    stream.emit('data', Buffer.from([0, 0xff, 0xc3, 0x28, 10]));
    await drained();
    expect(text()).toBe('\0\xff\xc3(\n');
  });
  it('has left what was not written yet', async () => {
    const { drained, left, stream } = scene();
    stream.emit('data', Buffer.from('abc'));
    stream.emit('data', Buffer.from('de'));
    expect(left()).toBe(5);
    await drained();
  });
});

describe('a reader that is slow', () => {
  it.each([
    ['a quarter of a MiB', 256 * 1024, true],
    ['a byte less', 256 * 1024 - 1, false],
  ])('stops the writer at %s', async (_, bytes, want) => {
    const { drained, stream } = scene();
    stream.emit('data', Buffer.alloc(bytes));
    expect(stream.isPaused()).toBe(want);
    await drained();
    expect(stream.isPaused()).toBe(false);
  });
});

describe('a reader that is gone', () => {
  it('ends the copying, and not the reading', async () => {
    const { drained, left, stream, text } = scene('r');
    stream.emit('data', Buffer.alloc(300 * 1024));
    expect(stream.isPaused()).toBe(true);
    await drained();
    expect(stream.isPaused()).toBe(false);
    stream.emit('data', Buffer.from('more'));
    expect([left(), text()]).toEqual([0, '']);
  });
});
