import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadLibc } from '../../src/sys/libc.ts';
import type { Peer } from '../../src/sys/unixSocket.ts';

/** Answers each request in the way that is asked for, in a process of its own: the one that asks stands still. */
const SERVER = `
const net = require('node:net');
net.createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', (data) => {
    const how = data.toString();
    if (how === 'echo') socket.end('hello');
    if (how === 'drip') setInterval(() => socket.write('x'), 5);
    if (how === 'endless') (function more() { while (socket.writable && socket.write(Buffer.alloc(65536))); socket.once('drain', more); })();
  });
}).listen(process.argv[1], () => console.log('ready'));`;

const libc = loadLibc();
let dir: string;
let path: string;
let server: ChildProcess;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tgsocket-'));
  path = join(dir, 's');
  server = spawn(process.execPath, ['-e', SERVER, path], { stdio: ['ignore', 'pipe', 'ignore'] });
  // Its file is there a moment before it listens.
  await new Promise((resolve) => server.stdout?.once('data', resolve));
});
afterEach(() => {
  server.kill('SIGKILL');
  rmSync(dir, { recursive: true });
});

const ask = (how: string, timeoutMs = 10_000, isRight?: (peer: Peer) => boolean) =>
  libc?.exchange(path, Buffer.from(how), timeoutMs, isRight);

it('an answer to its end, from the process that listens', () => {
  const peers: Peer[] = [];
  const answer = ask('echo', 10_000, (peer) => peers.push(peer) > 0);
  expect([answer?.bytes.toString(), answer?.isWhole]).toEqual(['hello', true]);
  expect(peers).toEqual([{ pid: server.pid, uid: process.getuid?.() }]);
});
it('nothing is said to somebody else', () => {
  expect(ask('echo', 10_000, ({ pid }) => pid === process.pid)).toBeUndefined();
});
it('a byte now and then ends with the time', () => {
  const answer = ask('drip', 100);
  expect(answer?.isWhole).toBe(false);
  expect(answer?.bytes.length).toBeLessThan(100);
});
it('an answer without an end is cut by the time that there is', () => {
  const answer = ask('endless', 60);
  expect(answer?.isWhole).toBe(false);
  expect(answer?.bytes.length).toBeLessThanOrEqual(60 * 48 * 1024 + 256 * 1024);
});
it('silence is no answer', () => {
  expect(ask('silence', 50)).toBeUndefined();
});
it('nobody listens', () => {
  expect(libc?.exchange(join(dir, 'none'), Buffer.from('echo'), 50)).toBeUndefined();
  expect(libc?.exchange(`/${'x'.repeat(200)}`, Buffer.from('echo'), 50)).toBeUndefined();
});
