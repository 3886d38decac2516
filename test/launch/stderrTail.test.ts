import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { StderrTail } from '../../src/launch/stderrTail.ts';

const MIB = 1 << 20;

/** A stream that only its first listener hears, which is the tail: nothing comes to the stderr of the tests. */
function scene() {
  const events = new EventEmitter();
  const stream = {
    once: (name: string, listener: () => void) => events.once(name, listener),
    on: (name: string, listener: (chunk: Buffer) => void) => {
      if (events.listenerCount(name) === 0) events.on(name, listener);
    },
  };
  const tail = new StderrTail();
  tail.attach(stream as unknown as Readable);
  return {
    tail,
    say: (text: string | Buffer) => void events.emit('data', Buffer.from(text)),
    close: () => void events.emit('close'),
  };
}
const soon = (ms: number) => new Promise((resolve) => setTimeout(() => resolve('waits'), ms));

describe('what a command wrote at last', () => {
  it('is kept in order', () => {
    const { say, tail } = scene();
    say('panic: ');
    say('too many threads\n');
    expect(tail.text).toBe('panic: too many threads\n');
  });
  it('is kept byte by byte', () => {
    const { say, tail } = scene();
    say(Buffer.from([0xc3]));
    say(Buffer.from([0xbc, 0xff]));
    expect(tail.text).toBe('\xc3\xbc\xff');
  });
  it('loses its beginning once the rest is enough', () => {
    const { say, tail } = scene();
    say('first');
    say('a'.repeat(8 * MIB - 1));
    expect(tail.text.startsWith('first')).toBe(true);
    say('z');
    expect([tail.text.length, tail.text[0], tail.text.at(-1)]).toEqual([8 * MIB, 'a', 'z']);
  });
  it('does not grow without end', () => {
    const { say, tail } = scene();
    for (let chunk = 0; chunk < 40; chunk += 1) say(Buffer.alloc(MIB, chunk));
    expect(tail.text.length).toBe(8 * MIB);
    expect([tail.text.charCodeAt(0), tail.text.charCodeAt(8 * MIB - 1)]).toEqual([32, 39]);
  });
  it('is nothing before there is a command', async () => {
    const tail = new StderrTail();
    expect(tail.text).toBe('');
    expect(await Promise.race([tail.settled().then(() => 'settled'), soon(400)])).toBe('settled');
  });
});

describe('the end of it', () => {
  it('is waited for', async () => {
    const { close, tail } = scene();
    const settled = tail.settled().then(() => 'settled');
    expect(await Promise.race([settled, soon(50)])).toBe('waits');
    close();
    expect(await settled).toBe('settled');
  });
  it('is not waited for when it was closed before', async () => {
    const { close, tail } = scene();
    close();
    expect(await Promise.race([tail.settled().then(() => 'settled'), soon(400)])).toBe('settled');
  });
  it('is given up where a process that lives on holds it', async () => {
    await expect(scene().tail.settled()).resolves.toBeUndefined();
  });
});
