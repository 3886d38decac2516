import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Dumper, OpenProcess, Reading, Told } from '../../../src/evidence/dumpers/dumper.ts';
import { askDumpers, type DumperList } from '../../../src/evidence/process/askDumpers.ts';
import { type KernelThread, readName } from '../../../src/evidence/process/kernelThread.ts';
import { type FakeProc, makeProc } from '../../fixtures/procTree.ts';
import { FakeClock } from '../builders/fakeClock.ts';

let proc: FakeProc;
beforeEach(() => {
  proc = makeProc({ pid: 42, threads: 3 });
});
afterEach(() => proc.remove());

const clock = new FakeClock();
const reading: Reading = {
  now: clock.now,
  wait: clock.wait,
  endMs: 10_000,
  libc: undefined,
  signals: undefined,
  recording: undefined,
};
const processOf = (): OpenProcess => ({
  root: proc.root,
  pid: 42,
  tids: [42, 43, 44],
  runtimes: ['native'],
  machine: 'x64',
  native: undefined,
});
const thread = (tid: number): KernelThread => readName(proc.root, 42, tid) as KernelThread;
const knows = (runtime: 'jvm' | 'native' | 'python', ...tids: readonly number[]): NonNullable<Told['stackOf']> => {
  const frames = [{ function: `${runtime}.wait` }];
  return ({ task }) => (tids.includes(task.tid) ? { runtime, frames, isWhole: true } : undefined);
};
const dumper = (runtime: Dumper['runtime'], told: Told | (() => Told), more: Partial<Dumper> = {}): Dumper => ({
  name: `the ${runtime} dumper`,
  runtime,
  matches: () => true,
  dump: typeof told === 'function' ? told : () => told,
  ...more,
});
const ask = (dumpers: DumperList) => askDumpers(processOf(), reading, dumpers);
const fail = (what: string) => (): never => {
  throw new Error(what);
};

describe('answers', () => {
  it('of all that match are put together', () => {
    const answers = ask({
      jvm: [dumper('jvm', { runtime: 'JVM', notes: ['a note'], files: [{ name: 'threads.txt', text: 'x' }] })],
      python: [dumper('python', { runtime: 'CPython 3.11', creators: { count: () => [] } })],
      go: [dumper('go', { runtime: 'Go' }, { matches: () => false })],
    });
    expect(answers).toMatchObject({
      runtimes: ['JVM', 'CPython 3.11'],
      notes: ['a note'],
      files: [{ name: 'threads.txt' }],
    });
    expect(answers.creators).toHaveLength(1);
  });
  it('the first that knows a thread counts; the next is asked for the others', () => {
    const { stackOf } = ask({
      jvm: [dumper('jvm', { stackOf: knows('jvm', 42) })],
      native: [dumper('native', { stackOf: knows('native', 42, 43) })],
    });
    expect([42, 43, 44].map((tid) => stackOf(thread(tid))?.runtime)).toEqual(['jvm', 'native', undefined]);
  });
  it('of nobody are empty', () => {
    expect(ask({})).toMatchObject({ runtimes: [], notes: [], files: [], creators: [] });
    expect(ask({}).stackOf(thread(42))).toBeUndefined();
  });
});

describe('several ways to ask one runtime', () => {
  it('the second is not tried if the first knows stacks', () => {
    const second = dumper('jvm', fail('must not be asked'));
    expect(ask({ jvm: [dumper('jvm', { stackOf: knows('jvm', 42) }), second] }).notes).toEqual([]);
  });
  it('the second is tried if the first does not answer, and then nothing is missing', () => {
    const answers = ask({
      jvm: [dumper('jvm', { why: 'no listener' }), dumper('jvm', { stackOf: knows('jvm', 42) })],
    });
    expect(answers.notes).toEqual([]);
    expect(answers.stackOf(thread(42))?.runtime).toBe('jvm');
  });
  it('none answers: one note says why, for all ways', () => {
    const answers = ask({ jvm: [dumper('jvm', { why: 'no listener' }), dumper('jvm', { why: 'no file' })] });
    expect(answers.notes).toEqual(['no JVM stacks of process 42: no listener; no file']);
  });
});

describe('a dumper that fails is reported, and the others go on', () => {
  it.for([
    ['in its match', dumper('jvm', {}, { matches: fail('broken match') }), 'broken match'],
    ['in its dump', dumper('jvm', fail('broken dump')), 'broken dump'],
  ] as const)('%s', ([, broken, message]) => {
    const answers = ask({ jvm: [broken], native: [dumper('native', { stackOf: knows('native', 42) })] });
    expect(answers.notes).toEqual([`the jvm dumper failed on process 42: ${message}`]);
    expect(answers.stackOf(thread(42))?.runtime).toBe('native');
  });
  it('at one thread: it is not asked again, and said once', () => {
    let asked = 0;
    const stackOf = (): never => {
      asked += 1;
      throw new Error('broken thread');
    };
    const answers = ask({
      python: [dumper('python', { stackOf })],
      native: [dumper('native', { stackOf: knows('native', 42, 43, 44) })],
    });
    expect([42, 43, 44].map((tid) => answers.stackOf(thread(tid))?.runtime)).toEqual(['native', 'native', 'native']);
    expect(asked).toBe(1);
    expect(answers.notes).toEqual(['the python dumper failed on process 42: broken thread']);
  });
  it('the next way of the same runtime is tried', () => {
    const ways = [dumper('jvm', fail('broken')), dumper('jvm', { stackOf: knows('jvm', 42) })];
    expect(ask({ jvm: ways }).stackOf(thread(42))?.runtime).toBe('jvm');
  });
  it('an error of the system is told by its name', () => {
    const error = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
    const broken = dumper('jvm', () => {
      throw error;
    });
    expect(ask({ jvm: [broken] }).notes).toEqual(['the jvm dumper failed on process 42: EMFILE']);
  });
});
