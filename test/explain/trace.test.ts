import { appendFileSync, closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lineReader, parseFailure } from '../../src/explain/trace/strace.ts';
import { firstFailure, traceCommand } from '../../src/explain/trace/trace.ts';
import { canUseTracefs, openInstance, parseEvent } from '../../src/explain/trace/tracefs.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree();
});
afterEach(() => tree.remove());

describe('strace', () => {
  it.for([
    [
      '4711 clone3({flags=CLONE_VM}, 88) = -1 EAGAIN (Resource temporarily unavailable)',
      { name: 'clone3', errno: 'EAGAIN' },
    ],
    [
      '4711  mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0) = -1 ENOMEM (Cannot allocate memory)',
      { name: 'mmap', errno: 'ENOMEM' },
    ],
    [
      '12 <... clone3 resumed>, 88) = -1 EAGAIN (Resource temporarily unavailable)',
      { name: 'clone3', errno: 'EAGAIN' },
    ],
    ['4711 clone3({flags=CLONE_VM}, 88) = -1 ENOSYS (Function not implemented)', undefined],
    ['4711 mmap(0x1, 4096, PROT_READ, MAP_FIXED, -1, 0) = -1 EINVAL (Invalid argument)', undefined],
    ['4711 +++ exited with 0 +++', undefined],
  ] as const)('%s', ([line, failure]) => {
    expect(parseFailure(line)).toEqual(failure);
  });
});

describe('tracefs', () => {
  it.for([
    ['  python3-4711    [001] ..... 12.345678: sys_clone3 -> 0xfffffffffffffff5', { name: 'clone3', errno: 'EAGAIN' }],
    ['  a: sys_x -> 0-4711    [001] ..... 12.3: sys_mmap -> 0xfffffffffffffff4', { name: 'mmap', errno: 'ENOMEM' }],
    ['  python3-4711    [001] ..... 12.345678: sys_mmap -> 0x7f3c5b2c1000', undefined],
    ['CPU:1 [LOST 12 EVENTS]', undefined],
    ['', undefined],
  ] as const)('%s', ([line, failure]) => {
    expect(parseEvent(line)).toEqual(failure);
  });
});

describe('the output of strace', () => {
  it('is read on from where it was, whole lines only', () => {
    tree.write('calls', 'one\ntw');
    const fd = openSync(join(tree.dir, 'calls'), 'r');
    const lines = lineReader(fd);
    expect(lines()).toEqual(['one']);
    appendFileSync(join(tree.dir, 'calls'), 'o\nthree\n');
    expect([lines(), lines()]).toEqual([['two', 'three'], []]);
    closeSync(fd);
  });
  it('the first failure is remembered', () => {
    const failure = (name: string) => `1 ${name}(0) = -1 EAGAIN (Resource temporarily unavailable)`;
    const batches = [['1 mmap(0) = 0x7f', failure('clone3')], [failure('fork')]];
    const { call, failed } = firstFailure(() => batches.shift() ?? []);
    expect([failed(), call(), call()]).toEqual([
      true,
      { name: 'clone3', errno: 'EAGAIN' },
      { name: 'clone3', errno: 'EAGAIN' },
    ]);
    expect(firstFailure(() => []).failed()).toBe(false);
  });
});

describe('an instance of tracefs', () => {
  const mount = (point = '/trace') => tree.write('proc/self/mountinfo', `30 1 0:30 / ${point} rw - tracefs nodev rw\n`);
  const dir = `trace/instances/threadguard-${process.pid}`;
  it('is not used where none is mounted, or it is not ours', () => {
    expect([openInstance(kernelRoot(tree.dir), [1]), canUseTracefs(kernelRoot(tree.dir))]).toEqual([undefined, false]);
    mount('/nowhere');
    expect([openInstance(kernelRoot(tree.dir), [1]), canUseTracefs(kernelRoot(tree.dir))]).toEqual([undefined, false]);
  });
  it('that has no events of system calls is not used', () => {
    mount();
    tree.mkdir('trace/instances');
    expect(canUseTracefs(kernelRoot(tree.dir))).toBe(true);
    // A plain directory does not fill itself, as the kernel's does.
    expect(openInstance(kernelRoot(tree.dir), [1])).toBeUndefined();
  });
  it('that is there already belongs to somebody else, and is left alone', () => {
    mount();
    tree.write(`${dir}/options/event-fork`, '0');
    expect(openInstance(kernelRoot(tree.dir), [1])).toBeUndefined();
    expect(readFileSync(join(tree.dir, dir, 'options/event-fork'), 'utf8')).toBe('0');
  });
});

it('without tracefs a command is put behind strace, and its folder is removed afterwards', () => {
  const trace = traceCommand(kernelRoot(tree.dir));
  const file = trace.prefix[trace.prefix.indexOf('-o') + 1] as string;
  expect([trace.by, trace.prefix[0], trace.prefix.at(-1), existsSync(file)]).toEqual(['strace', 'strace', '--', true]);
  appendFileSync(file, '7 clone3(0) = -1 EAGAIN (Resource temporarily unavailable)\n');
  expect(trace.call()).toEqual({ name: 'clone3', errno: 'EAGAIN' });
  trace.close();
  expect(existsSync(file)).toBe(false);
});
