import { execFileSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  constants,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { openLineFile } from '../../src/service/lineFile.ts';

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
it('a link that somebody else made is not followed, nor a file of somebody else written to', () => {
  const victim = join(dir, 'victim');
  writeFileSync(victim, 'precious', { mode: 0o600 });
  const link = join(dir, 'link.log');
  symlinkSync(victim, link);
  lchownSync(link, 65_534, 65_534);
  expect(() => openLineFile(link, { isTried: true })).toThrow(/link\.log is a link of uid 65534/);
  const theirs = join(dir, 'theirs.log');
  writeFileSync(theirs, '');
  chownSync(theirs, 65_534, 65_534);
  expect(() => openLineFile(theirs, { isTried: true })).toThrow(/theirs\.log belongs to uid 65534/);
  const second = join(dir, 'second.log');
  linkSync(victim, second);
  expect(() => openLineFile(second, { isTried: true })).toThrow(/second\.log has a second name/);
  expect(readFileSync(victim, 'utf8')).toBe('precious');
});
it('a link of an operator is followed, also to a descriptor', async () => {
  const path = join(dir, 'real.log');
  symlinkSync(path, join(dir, 'of-root.log'));
  const sink = openLineFile(join(dir, 'of-root.log'), { isTried: true });
  sink.write('one\n');
  await sink.flush(5_000);
  expect(readFileSync(path, 'utf8')).toBe('one\n');
  const fd = openSync(join(dir, 'by-fd.log'), 'w');
  onTestFinished(() => closeSync(fd));
  symlinkSync(`/proc/self/fd/${fd}`, join(dir, 'stdout'));
  const through = openLineFile(join(dir, 'stdout'), { isTried: true });
  through.write('two\n');
  await through.flush(5_000);
  expect(readFileSync(join(dir, 'by-fd.log'), 'utf8')).toBe('two\n');
});
it('a directory of somebody else is refused, with what helps', () => {
  const sub = join(dir, 'service');
  mkdirSync(sub);
  chownSync(sub, 65_534, 65_534);
  const open = () => openLineFile(join(sub, 'g.log'), { isTried: true });
  expect(open).toThrow(/service belongs to uid 65534: what is written there could be led elsewhere/);
  expect(readdirSync(sub)).toEqual([]);
});
