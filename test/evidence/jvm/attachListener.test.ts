import { chownSync, lchownSync, symlinkSync } from 'node:fs';
import type { Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askJvm, askListener } from '../../../src/evidence/jvm/attachListener.ts';
import { type FakeProc, makeProc } from '../../fixtures/procTree.ts';
import { fakeLibc } from '../builders/fakeLibc.ts';
import { IDLE, jvmDump, jvmThread, listen } from '../builders/jvm.ts';

let proc: FakeProc;
let server: Server | undefined;
beforeEach(() => {
  proc = makeProc({ pid: 42 });
});
afterEach(() => {
  server?.close();
  server = undefined;
  proc.remove();
});

describe('a JVM with a listener', () => {
  it('is asked for its threads, and answers', async () => {
    server = await listen(proc, 42);
    const { exchanges, libc } = fakeLibc(`0\n${jvmDump(jvmThread('main', 42, IDLE))}`);
    const answer = askJvm(proc.root, 42, libc, 500);
    if (answer.kind === 'none') throw new Error(answer.why);
    expect(answer.dump).toMatchObject({ isWhole: true, threads: [{ name: 'main', nid: 42 }] });
    expect(exchanges).toEqual([
      { path: proc.root.proc(42, 'root/tmp/.java_pid42'), words: ['1', 'threaddump', '', '', ''], timeoutMs: 425 },
    ]);
  });
  it('has the pid of its own namespace', async () => {
    proc.put({ pid: 42, nsPids: [42, 7] });
    server = await listen(proc, 42, 7);
    const { exchanges, libc } = fakeLibc('0\n');
    askJvm(proc.root, 42, libc, 500);
    expect(exchanges[0]?.path).toContain('.java_pid7');
  });
  it('is sent a command with arguments, three at most', async () => {
    server = await listen(proc, 42);
    const { exchanges, libc } = fakeLibc('0\ndone');
    expect(askListener(proc.root, 42, libc, ['jcmd', 'a', 'b', 'c', 'd'], 500)).toEqual({
      kind: 'answer',
      text: '0\ndone',
    });
    expect(exchanges[0]?.words).toEqual(['1', 'jcmd', 'a', 'b', 'c']);
  });
});

describe('no answer, and why', () => {
  it.for([
    ['nobody answers', undefined, /stale, not ours to use, or did not answer in time/],
    ['it refuses', '1\nNot allowed\n', /refused to answer \(1\nNot allowed/],
    ['a refusal of a megabyte is cut', `x${'y'.repeat(1_000_000)}`, /^it refused to answer \(xy{99}\)$/],
    ['it says nothing at all', '', /refused to answer \(\)/],
  ] as const)('%s', async ([, text, why]) => {
    server = await listen(proc, 42);
    expect(askJvm(proc.root, 42, fakeLibc(text).libc, 500)).toEqual({ kind: 'none', why: expect.stringMatching(why) });
  });
  it('it is gone', () => {
    expect(askJvm(proc.root, 43, fakeLibc('0\n').libc, 500)).toEqual({ kind: 'none', why: 'it is gone' });
  });
  it('no listener runs in it: none is started', () => {
    const { exchanges, libc } = fakeLibc('0\n');
    expect(askJvm(proc.root, 42, libc, 500)).toMatchObject({
      why: expect.stringContaining('-XX:+StartAttachListener'),
    });
    expect(exchanges).toEqual([]);
  });
  it('a file in the place of the socket', () => {
    proc.put({ pid: 42, files: { 'root/tmp/.java_pid42': '' } });
    expect(askJvm(proc.root, 42, fakeLibc('0\n').libc, 500)).toMatchObject({
      why: expect.stringContaining('no attach listener'),
    });
  });
  it('libc could not be loaded', async () => {
    server = await listen(proc, 42);
    expect(askJvm(proc.root, 42, undefined, 500)).toMatchObject({ why: expect.stringContaining('koffi') });
  });
  it.for([0, -5, Number.NaN])('no time is left: %s ms', async (timeoutMs) => {
    server = await listen(proc, 42);
    const { exchanges, libc } = fakeLibc('0\n');
    expect(askJvm(proc.root, 42, libc, timeoutMs)).toMatchObject({ why: 'there was no time left to ask it' });
    expect(exchanges).toEqual([]);
  });
});

describe('who is no JVM', () => {
  const NOBODY = 65_534;
  const none = { kind: 'none', why: expect.stringContaining('no attach listener') };
  it('a socket of another user is never spoken to', async () => {
    server = await listen(proc, 42);
    chownSync(proc.root.proc(42, 'root/tmp/.java_pid42'), NOBODY, NOBODY);
    const { exchanges, libc } = fakeLibc('0\n');
    expect([askJvm(proc.root, 42, libc, 500), exchanges]).toEqual([none, []]);
  });
  it('a link to a socket that only root may use', async () => {
    server = await listen(proc, 42, 7);
    const link = proc.root.proc(42, 'root/tmp/.java_pid42');
    symlinkSync('.java_pid7', link);
    lchownSync(link, NOBODY, NOBODY);
    const { exchanges, libc } = fakeLibc('0\n');
    expect([askJvm(proc.root, 42, libc, 500), exchanges]).toEqual([none, []]);
  });
  it.for([
    ['another process of the same user', { pid: 43, uid: 0 }],
    ['one of another pid namespace', { pid: 0, uid: 0 }],
  ] as const)('%s listens there', async ([, peer]) => {
    server = await listen(proc, 42);
    const { exchanges, libc } = fakeLibc('0\n', peer);
    expect(askJvm(proc.root, 42, libc, 500)).toMatchObject({ why: expect.stringContaining('not ours to use') });
    expect(exchanges).toEqual([]);
  });
});
