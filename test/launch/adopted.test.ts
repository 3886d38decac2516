import { describe, expect, it } from 'vitest';
import { watchProcess } from '../../src/launch/adopted.ts';
import { FIRST_PID, fakeMachine } from '../targets/fakeMachine.ts';

const pid = FIRST_PID + 7;

function scene() {
  const machine = fakeMachine();
  machine.put({ pid, ppid: 1 });
  return { ...machine, watched: watchProcess(machine.root, pid) };
}
/** Longer than two looks. */
const aWhile = () => new Promise((resolve) => setTimeout(() => resolve('lives on'), 130));

describe('a process that was there before the guard', () => {
  it('is watched as it is: nothing of its output is ours', () => {
    const { watched } = scene();
    expect([watched.pid, watched.stderr]).toEqual([pid, undefined]);
    watched.release();
  });
  it.each<[string, (machine: ReturnType<typeof scene>) => void]>([
    ['it is gone', ({ end }) => end(pid)],
    ['it is dead and nobody has reaped it', ({ put }) => put({ pid, ppid: 1, state: 'Z' })],
    ['another process has its number', ({ put }) => put({ pid, ppid: 1, startTime: 99 })],
  ])('has ended when %s', async (_, happen) => {
    const machine = scene();
    happen(machine);
    expect(await machine.watched.ended).toEqual({ by: 'gone' });
  });
  it.each<[string, (machine: ReturnType<typeof scene>) => void]>([
    ['nothing happens', () => {}],
    ['only its main thread has ended', ({ put }) => put({ pid, ppid: 1, state: 'Z', threads: 3 })],
    ['it has another parent', ({ put }) => put({ pid, ppid: FIRST_PID })],
  ])('has not ended when %s', async (_, happen) => {
    const machine = scene();
    happen(machine);
    expect(await Promise.race([machine.watched.ended, aWhile()])).toBe('lives on');
    machine.watched.release();
  });
  it('is let go while it lives on', async () => {
    const { watched } = scene();
    watched.release();
    expect(await watched.ended).toEqual({ by: 'gone' });
    // Once more is no harm.
    expect(() => watched.release()).not.toThrow();
  });
});
