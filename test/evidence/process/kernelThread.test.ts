import { afterEach, describe, expect, it } from 'vitest';
import { readName, readThread } from '../../../src/evidence/process/kernelThread.ts';
import { type FakeProc, type FakeThread, makeProc } from '../../fixtures/procTree.ts';

let proc: FakeProc | undefined;
afterEach(() => proc?.remove());

const read = (thread: Partial<FakeThread>) => {
  proc = makeProc({ pid: 42, threads: [{ tid: 43, ...thread }] });
  return readThread(proc.root, 42, 43, 'x64');
};

describe('readThread', () => {
  it('its name, its times, and where it stands', () => {
    const thread = read({
      name: 'conn-7',
      startTime: 812,
      cpuTicks: 5,
      syscall: '0 0x3 0x0 0x0 0x0 0x0 0x0 0x7ffc00 0x1010\n',
    });
    expect(thread?.task).toEqual({
      pid: 42,
      tid: 43,
      name: 'conn-7',
      wait: 'read',
      runtime: 'name',
      frames: [],
      isWhole: false,
      cpuTicks: 5,
      startTime: 812,
    });
    expect(thread?.place).toMatchObject({ call: 0, sp: 0x7ffc00, pc: 0x1010 });
  });
  it.for([
    ['on a processor', { syscall: 'running\n' }, 'running', false],
    ['in user code, stopped', { syscall: '-1 0x7ffc00 0x1010\n', state: 'T' }, 'stopped', true],
    ['whose place may not be read: its channel', { wchan: 'futex_wait_queue' }, 'lock', false],
    ['of which nothing may be read', {}, 'unknown', false],
    ['stopped in a call: what it was in', { syscall: '0 0x3 0 0 0 0 0 0x7ffc00 0x1010\n', state: 'T' }, 'read', true],
    ['that is dead', { state: 'Z' }, 'dead', false],
    ['that is dead, with a place of zeros', { state: 'Z', syscall: '0 0 0 0 0 0 0 0 0\n' }, 'dead', false],
    [
      'whose call was begun anew after a stop: its channel',
      { syscall: '219 0 0 0 0 0 0 0x7ffc00 0x1010\n', wchan: 'hrtimer_nanosleep' },
      'sleep',
      true,
    ],
    ['whose place makes no sense', { syscall: 'what?\n', wchan: 'do_wait' }, 'child', false],
  ] as const)('a thread %s', ([, thread, wait, hasPlace]) => {
    const found = read(thread);
    expect([found?.task.wait, found?.place !== undefined]).toEqual([wait, hasPlace]);
  });
  it('one that named itself like the rest of a line', () => {
    expect(read({ name: ') R 1 (x' })?.task.name).toBe(') R 1 (x');
  });
  it('one that is gone', () => {
    proc = makeProc({ pid: 42 });
    expect(readThread(proc.root, 42, 99, 'x64')).toBeUndefined();
    expect(readName(proc.root, 42, 99)).toBeUndefined();
  });
});

it('readName looks at nothing but its state', () => {
  proc = makeProc({
    pid: 42,
    threads: [{ tid: 43, name: 'a', syscall: '0 0 0 0 0 0 0 0x1 0x2\n', wchan: 'pipe_read' }],
  });
  expect(readName(proc.root, 42, 43)).toMatchObject({ place: undefined, task: { name: 'a', wait: 'unknown' } });
});
