import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Dumper, Told } from '../../src/evidence/dumpers/dumper.ts';
import { alike, type DumpOptions, dumpProcesses } from '../../src/evidence/dumpProcesses.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { type FakeProc, type FakeThread, makeProc } from '../fixtures/procTree.ts';
import { FakeClock } from './builders/fakeClock.ts';

const IDLE = '202 0x1 0x189 0x0 0x0 0x0 0x0 0x7ffc00 0x1010\n';
const threads = (first: number, count: number, more: Partial<FakeThread> = {}): FakeThread[] =>
  Array.from({ length: count }, (_, index) => ({ tid: first + index, syscall: IDLE, ...more }));

let proc: FakeProc;
beforeEach(() => {
  proc = makeProc({ pid: 10, threads: threads(10, 2) }, { pid: 20, threads: threads(20, 5) });
});
afterEach(() => proc.remove());

const FRAMES = [{ function: 'serve' }];
const fake = (told: Partial<Told> = {}, onThread: () => void = () => {}): Dumper => ({
  name: 'a fake',
  runtime: 'python',
  matches: () => true,
  dump: () => ({
    runtime: 'CPython 3.11',
    stackOf: () => {
      onThread();
      return { runtime: 'python', frames: FRAMES, isWhole: true };
    },
    ...told,
  }),
});

/** Dumps with one fake; the fake clock runs by itself at each thread. */
function dump(
  pids: readonly number[],
  {
    each = 0,
    told = {} as Partial<Told>,
    ...more
  }: Partial<DumpOptions> & { each?: number; told?: Partial<Told> } = {},
) {
  const clock = new FakeClock();
  const dumpers = { python: [fake(told, () => clock.pass(each))] };
  return dumpProcesses(proc.root, pids, {
    libc: undefined,
    now: clock.now,
    wait: clock.wait,
    timeoutMs: 1_000,
    dumpers,
    ...more,
  });
}

describe('a dump', () => {
  it('has every thread, of the largest process first', () => {
    const { covered, found, processes, runtimes, stacks } = dump([10, 20]);
    expect({ found, covered, runtimes }).toEqual({ found: 7, covered: 7, runtimes: ['CPython 3.11'] });
    expect(processes.map(({ pid }) => pid)).toEqual([20, 10]);
    expect(stacks.slice(0, 2)).toMatchObject([
      { pid: 20, tid: 20, runtime: 'python', wait: 'queue', frames: FRAMES, isWhole: true },
      { pid: 20, tid: 21 },
    ]);
  });
  it('a thread whose stack nobody knows has its name and its wait', () => {
    const { covered, notes, stacks } = dump([10], { told: { stackOf: () => undefined } });
    expect({ covered, notes }).toEqual({ covered: 0, notes: [] });
    expect(stacks[0]).toMatchObject({ runtime: 'name', name: 'worker', wait: 'queue', frames: [] });
  });
  it('a thread on a processor counts as covered: it has no stack that could be read', () => {
    proc.put({ pid: 10, threads: threads(10, 1, { syscall: 'running\n' }) });
    expect(dump([10], { told: { stackOf: () => undefined } })).toMatchObject({ covered: 1, found: 1 });
  });
  it('an ended main thread counts as covered too, and is told', () => {
    proc.put({ pid: 10, threads: [{ tid: 10, state: 'Z' }, ...threads(11, 2)] });
    const { covered, found, notes, stacks } = dump([10], { told: { stackOf: () => undefined } });
    expect({ covered, found, notes }).toEqual({
      covered: 1,
      found: 3,
      notes: ['the main thread of process 10 has ended, and others live on'],
    });
    expect(stacks.map(({ wait }) => wait)).toEqual(['dead', 'queue', 'queue']);
  });
  it.for([
    ['stopped', { state: 'T' }, 'is stopped (SIGSTOP, SIGTSTP)'],
    ['held by a debugger', { state: 't' }, 'is stopped by a debugger'],
    ['frozen', { state: 'D', wchan: '__refrigerator' }, 'is frozen by its cgroup'],
    ['frozen by cgroup v2', { state: 'S', wchan: 'do_freezer_trap' }, 'is frozen by its cgroup'],
  ] as const)('of one that is %s says what its threads were in', ([, thread, what]) => {
    proc.put({ pid: 10, threads: threads(10, 2, thread) });
    const { notes, stacks } = dump([10]);
    expect(notes).toEqual([`process 10 ${what}: its threads are told by what they were in before`]);
    expect(stacks.map(({ wait }) => wait)).toEqual(['queue', 'queue']);
    // Whoever stops it for its reading knows that.
    expect(dump([10], { pause: () => undefined }).notes).toEqual([]);
  });
  it('functions of native code say what a futex is for, those of a script do not', () => {
    const frames = [{ function: 'pthread_mutex_lock' }];
    const waitOf = (runtime: 'native' | 'python') =>
      dump([10], { told: { stackOf: () => ({ runtime, frames, isWhole: true }) } }).stacks[0]?.wait;
    expect([waitOf('native'), waitOf('python')]).toEqual(['lock', 'queue']);
  });
  it('what the runtime knows better than the kernel counts', () => {
    const stackOf = () => ({
      runtime: 'python' as const,
      frames: FRAMES,
      isWhole: true,
      label: 'Thread-1',
      wait: 'lock' as const,
    });
    expect(dump([10], { told: { stackOf } }).stacks[0]).toMatchObject({
      label: 'Thread-1',
      wait: 'lock',
      name: 'worker',
    });
  });
  it('of nothing, and of a process that is gone', () => {
    expect(dump([])).toMatchObject({ found: 0, stacks: [], notes: [] });
    expect(dump([999])).toMatchObject({ found: 0, stacks: [], notes: [] });
  });
  it('notes are told once, and no more than twenty', () => {
    expect(dump([10, 20], { told: { notes: ['the same'] } }).notes).toEqual(['the same']);
    const many = Array.from({ length: 50 }, (_, index) => `note ${index}`);
    expect(dump([10], { told: { notes: many } }).notes).toHaveLength(20);
  });
  it('a process that ends while its threads are read: those before stay, and it is said', () => {
    let seen = 0;
    const stackOf = () => {
      seen += 1;
      if (seen === 2) proc.vanish(20);
      return { runtime: 'python' as const, frames: FRAMES, isWhole: true };
    };
    const { found, notes, stacks } = dump([20], { told: { stackOf } });
    expect({ found, read: stacks.length }).toEqual({ found: 5, read: 2 });
    expect(notes).toEqual(['3 tasks ended while they were read, or there was no more time for them']);
  });
});

describe('when the time gets short', () => {
  it('it stops at the end of it, and says how many are missing', () => {
    const { covered, notes, stacks, tookMs } = dump([10, 20], { each: 300 });
    expect(stacks.length).toBe(4);
    expect(covered).toBe(4);
    expect(tookMs).toBe(1_200);
    expect(notes).toEqual(['3 tasks ended while they were read, or there was no more time for them']);
  });
  it('in the last quarter no dumper is opened any more: names only', () => {
    const clock = new FakeClock();
    const opened: number[] = [];
    const slow: Dumper = {
      ...fake(),
      dump: ({ pid }) => {
        opened.push(pid);
        clock.pass(800);
        return { stackOf: () => undefined };
      },
    };
    const { stacks } = dumpProcesses(proc.root, [10, 20], {
      libc: undefined,
      now: clock.now,
      timeoutMs: 1_000,
      dumpers: { python: [slow] },
    });
    expect(opened).toEqual([20]);
    // Their place is not looked at either: that is two thirds of the time.
    expect(stacks.map(({ wait }) => wait)).toEqual(new Array(7).fill('unknown'));
  });
  it('what a runtime has told already still counts, with what the thread waits for', () => {
    const clock = new FakeClock();
    const slow = fake();
    const dumpSlowly: Dumper['dump'] = (process, how) => {
      clock.pass(800);
      return slow.dump(process, how);
    };
    const told = { ...slow, dump: dumpSlowly };
    const { stacks } = dumpProcesses(proc.root, [20], {
      libc: undefined,
      now: clock.now,
      timeoutMs: 1_000,
      dumpers: { python: [told] },
    });
    expect(stacks[0]).toMatchObject({ runtime: 'python', frames: FRAMES, wait: 'queue' });
  });
  it('no time at all: nothing is read', () => {
    expect(dump([10, 20], { timeoutMs: 0 })).toMatchObject({ found: 7, stacks: [], covered: 0 });
  });
});

describe('a target that is in the way of its own reading', () => {
  it('is stopped once, for a while, and goes on after', () => {
    proc.put({ pid: 20, threads: threads(20, 300) });
    const clock = new FakeClock();
    let isStopped = false;
    const did: string[] = [];
    const slow = fake({}, () => clock.pass(isStopped ? 0.05 : 0.5));
    const { stacks, stoppedMs } = dumpProcesses(proc.root, [20], {
      libc: undefined,
      now: clock.now,
      timeoutMs: 10_000,
      dumpers: { python: [slow] },
      pause: (pid, until) => {
        isStopped = true;
        did.push(`stop ${pid} ${until}`);
        return () => {
          isStopped = false;
          did.push('go on');
        };
      },
    });
    expect(did).toEqual(['stop 20 whole', 'go on']);
    expect(stacks).toHaveLength(300);
    // The last 44 of them.
    expect(stoppedMs).toBeCloseTo(44 * 0.05, 1);
  });
});

it('this very process: its threads have native stacks, and nothing is left open', () => {
  const { covered, found, stacks } = dumpProcesses(kernelRoot(), [process.pid], {
    libc: undefined,
    now: () => performance.now(),
    timeoutMs: 5_000,
  });
  expect(found).toBeGreaterThan(1);
  expect(covered).toBeGreaterThan(0);
  expect(stacks.some(({ frames, runtime }) => runtime === 'native' && frames.length > 2)).toBe(true);
});

describe('notes', () => {
  it('that differ in their process only are told once', () => {
    const socket = (pid: number) => `no JVM stacks of process ${pid}: it is gone`;
    expect(alike([socket(7), 'x', socket(8), socket(9), 'x', 'the report of process 7 is damaged'])).toEqual([
      'no JVM stacks of process 7 and 2 more: it is gone',
      'x',
      'the report of process 7 is damaged',
    ]);
    expect(alike([])).toEqual([]);
  });
});
