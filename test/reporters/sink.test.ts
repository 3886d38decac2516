import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { openLineFile } from '../../src/reporters/sink.ts';

const dir = mkdtempSync(join(tmpdir(), 'sink-'));
afterAll(() => rmSync(dir, { recursive: true }));

function fifo(name: string): string {
  const path = join(dir, name);
  execFileSync('mkfifo', [path]);
  return path;
}

/** Both ends of a FIFO: neither opening it nor writing to it waits for anybody else. */
function bothEnds(path: string): number {
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(fd));
  return fd;
}

it('a file keeps what it has, and gets the lines', async () => {
  const path = join(dir, 'log');
  writeFileSync(path, 'before\n');
  const sink = openLineFile(path, { isTried: true });
  sink.write('one\n');
  await sink.flush(5_000);
  expect([readFileSync(path, 'utf8'), sink.dropped()]).toEqual(['before\none\n', 0]);
});
it('a disk that is full says so at once, to who asks', () => {
  expect(() => openLineFile('/dev/full', { isTried: true })).toThrow('ENOSPC');
  expect(() => openLineFile('/dev/full', { isTried: false })).not.toThrow();
});
it('a FIFO that nobody reads is refused, and not waited for', () => {
  expect(() => openLineFile(fifo('alone'), { isTried: true })).toThrow('ENXIO');
});
it('a reader gets the lines and nothing else', async () => {
  const path = fifo('read');
  const fd = bothEnds(path);
  const sink = openLineFile(path, { isTried: true });
  sink.write('one\n');
  await sink.flush(5_000);
  const got = Buffer.alloc(100);
  expect(got.toString('latin1', 0, readSync(fd, got))).toBe('one\n');
});
it('a FIFO that is full is not waited for', async () => {
  const path = fifo('full');
  const fd = bothEnds(path);
  expect(() => {
    for (;;) writeSync(fd, Buffer.alloc(4_096));
  }).toThrow('EAGAIN');
  const sink = openLineFile(path, { isTried: true });
  for (let line = 0; line < 100; line += 1) sink.write(`${'x'.repeat(10_000)}\n`);
  await sink.flush(20);
  expect(sink.dropped()).toBeGreaterThan(50);
});
