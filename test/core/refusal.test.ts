import { describe, expect, it } from 'vitest';
import { makeCeiling } from '../../src/core/ceiling.ts';
import { CEILING_KINDS } from '../../src/core/ceilingTable.ts';
import { readMessage } from '../../src/core/messages.ts';
import type { Ceiling } from '../../src/core/model.ts';
import { explainRefusal, type RefusalFacts } from '../../src/core/refusal.ts';

const task = (name: string, remaining: number | 'unknown', path?: string): Ceiling =>
  makeCeiling({
    name,
    scope: name === 'pids.max' ? 'cgroup' : 'host',
    unit: 'tasks',
    used: 100,
    limit: remaining === 'unknown' ? 'unknown' : 100 + remaining,
    ...(path === undefined ? {} : { path }),
    source: '',
    raise: '',
  });
const bytes = (name: string, remaining: number, effect: Ceiling['effect'] = 'refuses'): Ceiling =>
  makeCeiling({
    name,
    scope: name === 'memory.max' ? 'cgroup' : name === 'MemAvailable' ? 'host' : 'process',
    unit: 'bytes',
    used: 100,
    limit: 100 + remaining,
    cost: { thread: 10, process: 0, map: 1 },
    effect,
    source: '',
    raise: '',
  });
const maps = (remaining: number): Ceiling =>
  makeCeiling({
    name: 'vm.max_map_count',
    scope: 'process',
    unit: 'maps',
    used: 1_000 - remaining,
    limit: 1_000,
    source: '',
    raise: '',
  });
const effect = (name: string) =>
  name === 'memory.high' ? 'throttles' : name === 'memory.max' || name === 'MemAvailable' ? 'kills' : 'refuses';
const said = (line: string) => {
  const message = readMessage(line);
  return message === undefined ? [] : [message];
};
const explain = (over: Partial<RefusalFacts>) =>
  explainRefusal({
    ceilings: [],
    slack: { tasks: 3, maps: 3 },
    pidsEvents: [],
    hasPidsEvents: true,
    oomKills: [],
    messages: [],
    ...over,
  });
const PTHREAD = said('pthread_create: Resource temporarily unavailable');

describe('explainRefusal', () => {
  it('one full row and a witness is a proof', () => {
    const { verdict, ceiling } = explain({
      ceilings: [task('RLIMIT_NPROC', 0), task('kernel.pid_max', 5_000)],
      messages: PTHREAD,
    });
    expect([verdict, ceiling?.name]).toEqual(['proved', 'RLIMIT_NPROC']);
  });
  it('two full rows are no proof: the earlier of the kernel’s checks, the other as alternative', () => {
    const { verdict, ceiling, alternatives, settle } = explain({
      ceilings: [task('RLIMIT_NPROC', 1), task('kernel.threads-max', 0)],
      messages: PTHREAD,
    });
    expect([verdict, ceiling?.name, alternatives.map(({ name }) => name)]).toEqual([
      'inferred',
      'RLIMIT_NPROC',
      ['kernel.threads-max'],
    ]);
    expect(settle).toContain('--trace');
  });
  it('a pids.events that stood still clears pids.max: in a tie the earlier check was guilty', () => {
    const { verdict, ceiling } = explain({
      ceilings: [task('RLIMIT_NPROC', 0), task('pids.max', 0, '/a')],
      pidsEvents: [{ path: '/a', count: 0, isLocal: false }],
      messages: PTHREAD,
    });
    expect([verdict, ceiling?.name]).toEqual(['proved', 'RLIMIT_NPROC']);
  });
  it('a pids.events that moved is a proof without a word from the program', () => {
    const { verdict, ceiling } = explain({
      ceilings: [task('pids.max', 900, '/a/b'), task('pids.max', 0, '/a')],
      pidsEvents: [{ path: '/a/b', count: 2, isLocal: false }],
    });
    expect([verdict, ceiling?.path]).toEqual(['proved', '/a']);
  });
  it('events.local names the limit itself', () => {
    const { verdict, ceiling } = explain({
      ceilings: [task('pids.max', 0, '/a/b'), task('pids.max', 0, '/a')],
      pidsEvents: [
        { path: '/a/b', count: 0, isLocal: true },
        { path: '/a', count: 1, isLocal: true },
      ],
    });
    expect([verdict, ceiling?.path]).toEqual(['proved', '/a']);
  });
  it('events moved, but every ancestor that can be seen had room: one that is hidden', () => {
    const { verdict, ceiling } = explain({
      ceilings: [task('pids.max', 900, '/'), task('pids.max', 'unknown', 'ancestors outside of this container')],
      pidsEvents: [{ path: '/', count: 1, isLocal: false }],
    });
    expect([verdict, ceiling?.path]).toEqual(['inferred', 'ancestors outside of this container']);
  });
  it('an OOM kill is a proof of its memory limit', () => {
    const { verdict, ceiling } = explain({
      ceilings: [{ ...bytes('memory.max', 5, 'kills'), path: '/a' }],
      oomKills: [{ path: '/a', count: 1 }],
      endedBy: 'SIGKILL',
    });
    expect([verdict, ceiling?.name]).toEqual(['proved', 'memory.max']);
  });
  it('an mmap that was seen to fail leaves only limits on address space', () => {
    const { ceiling } = explain({
      ceilings: [bytes('RLIMIT_AS', 2), task('RLIMIT_NPROC', 0)],
      call: { name: 'mmap', errno: 'ENOMEM' },
    });
    expect(ceiling?.name).toBe('RLIMIT_AS');
  });
  it('a clone with EAGAIN leaves only limits on tasks', () => {
    const { verdict, ceiling } = explain({
      ceilings: [bytes('RLIMIT_AS', 2), task('RLIMIT_NPROC', 0)],
      call: { name: 'clone3', errno: 'EAGAIN' },
    });
    expect([verdict, ceiling?.name]).toEqual(['proved', 'RLIMIT_NPROC']);
  });
  it.for([
    ['clone3', 'EAGAIN', ['RLIMIT_NPROC', 'kernel.threads-max', 'kernel.pid_max']],
    [
      'clone',
      'ENOMEM',
      [
        'RLIMIT_AS',
        'vm.max_map_count',
        'RLIMIT_DATA',
        'CommitLimit',
        'memory.max',
        'memory.kmem.limit_in_bytes',
        'MemAvailable',
      ],
    ],
    ['mmap', 'ENOMEM', ['RLIMIT_AS', 'vm.max_map_count', 'RLIMIT_DATA', 'CommitLimit']],
    ['mprotect', 'ENOMEM', ['RLIMIT_AS', 'vm.max_map_count', 'RLIMIT_DATA', 'CommitLimit']],
  ] as const)('%s with %s: of ceilings that are all full, these, in the order of the checks', ([name, errno, want]) => {
    // All are given in the opposite order.
    const full = CEILING_KINDS.map((kind) =>
      kind.class === 'tasks'
        ? task(kind.name, 0)
        : kind.class === 'maps'
          ? maps(0)
          : bytes(kind.name, 0, effect(kind.name)),
    ).reverse();
    const { alternatives, ceiling, verdict } = explain({ ceilings: full, call: { name, errno } });
    expect([ceiling, ...alternatives].map((row) => row?.name)).toEqual(want);
    expect(verdict).toBe('inferred');
  });
  it('a memory limit of the host is meant when no cgroup has one, and that is no proof', () => {
    const { ceiling, settle, verdict } = explain({
      ceilings: [bytes('MemAvailable', 5, 'kills'), bytes('RLIMIT_AS', 0)],
      oomKills: [{ path: '/', count: 2 }],
    });
    expect([verdict, ceiling?.name]).toEqual(['inferred', 'MemAvailable']);
    expect(settle).toContain('kernel log');
  });
  it('of several memory limits the tightest killed', () => {
    const rows = [
      { ...bytes('memory.max', 50, 'kills'), path: '/a' },
      { ...bytes('memory.max', 5, 'kills'), path: '/' },
    ];
    expect(explain({ ceilings: rows, oomKills: [{ path: '/a', count: 1 }] }).ceiling?.path).toBe('/');
  });
  it('what only slows down refused nothing', () => {
    const slow = bytes('memory.high', 0, 'throttles');
    expect(explain({ ceilings: [slow], call: { name: 'clone3', errno: 'ENOMEM' } }).ceiling).toBeUndefined();
  });
  it('a program that ended, and a row that is full without a witness, is an inference', () => {
    expect(explain({ ceilings: [task('RLIMIT_NPROC', 0)], endedBy: 'exit 1' })).toMatchObject({
      verdict: 'inferred',
      ceiling: { name: 'RLIMIT_NPROC' },
      settle: 'nobody saw the refusal itself: watch the call with --trace',
    });
  });
  it('a memory limit that kills is a suspect only where something was killed', () => {
    const full = [bytes('MemAvailable', 0, 'kills')];
    expect(explain({ ceilings: full, messages: PTHREAD, endedBy: 'exit 1' }).ceiling).toBeUndefined();
    expect(explain({ ceilings: full, messages: PTHREAD, endedBy: 'SIGKILL' }).ceiling?.name).toBe('MemAvailable');
  });
  it('the evidence says what was printed (three lines at most), seen and counted', () => {
    const { evidence } = explain({
      ceilings: [task('RLIMIT_NPROC', 0)],
      messages: Array(5).fill(PTHREAD[0]),
      call: { name: 'clone3', errno: 'EAGAIN' },
    });
    expect(evidence).toEqual([
      ...Array(3).fill('it printed (native): pthread_create: Resource temporarily unavailable'),
      'clone3 was seen to fail with EAGAIN',
      'RLIMIT_NPROC was at 100 of 100 tasks',
      'no pids.events moved: the pids controller refused nothing',
    ]);
  });
  it('a row that was not full when it was last looked at says what may have been made since', () => {
    const { evidence } = explain({ ceilings: [maps(300)], messages: PTHREAD, slack: { tasks: 3, maps: 4_000 } });
    expect(evidence[1]).toBe(
      'vm.max_map_count was at 700 of 1000 maps when it was last looked at; up to 4,000 maps may have been made since',
    );
  });
  it('EPERM is no ceiling at all', () => {
    const { verdict, ceiling, evidence } = explain({ call: { name: 'clone3', errno: 'EPERM' } });
    expect([verdict, ceiling]).toEqual(['proved', undefined]);
    expect(evidence.join()).toContain('seccomp');
  });
  it('a witness and room everywhere: unknown rows are suspects, never a proof', () => {
    expect(explain({ ceilings: [task('kernel.pid_max', 'unknown')], messages: PTHREAD })).toMatchObject({
      verdict: 'inferred',
      ceiling: { name: 'kernel.pid_max' },
    });
  });
  it('what slack allows is full: the target was faster than the looks', () => {
    const ceilings = [task('RLIMIT_NPROC', 40), task('kernel.pid_max', 9_000)];
    expect(explain({ ceilings, slack: { tasks: 50, maps: 3 }, messages: PTHREAD }).ceiling?.name).toBe('RLIMIT_NPROC');
    expect(explain({ ceilings, messages: PTHREAD }).ceiling).toBeUndefined();
  });
  it('maps are known less often: what may have been added since is counted in maps', () => {
    const facts = { ceilings: [maps(80)], messages: PTHREAD };
    expect(explain({ ...facts, slack: { tasks: 3, maps: 100 } }).ceiling?.name).toBe('vm.max_map_count');
    expect(explain({ ...facts, slack: { tasks: 100, maps: 3 } }).ceiling).toBeUndefined();
  });
  it('nothing seen and nothing full is nothing refused', () => {
    expect(explain({ ceilings: [task('kernel.pid_max', 5_000)], endedBy: 'exit 0' }).verdict).toBe('none');
  });
});
