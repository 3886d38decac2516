import { describe, expect, it } from 'vitest';
import { sendSignal, trySignal } from '../../src/targets/signalMember.ts';
import { FIRST_PID, fakeMachine } from './fakeMachine.ts';
import { recordSignals } from './sentSignals.ts';

const PID = FIRST_PID + 1;
const member = { pid: PID, startTime: 7, ppid: 1, threads: 1, isZombie: false };

/** A process that started at 7, and what is sent to it. */
function scene() {
  const { end, put, root } = fakeMachine();
  put({ pid: PID, ppid: 1, startTime: 7 });
  return { end, put, root, record: recordSignals() };
}

describe('a signal to a member', () => {
  it('reaches the process that was seen', () => {
    const { record, root } = scene();
    sendSignal(root, member, 'SIGTERM');
    expect(record.sent).toEqual([`SIGTERM → ${PID}`]);
  });
  it('does not reach another process with its number', () => {
    const { put, record, root } = scene();
    put({ pid: PID, ppid: 1, startTime: 8 });
    sendSignal(root, member, 'SIGTERM');
    expect(record.sent).toEqual([]);
  });
  it('is not sent to one that is gone', () => {
    const { end, record, root } = scene();
    end(PID);
    sendSignal(root, member, 'SIGKILL');
    expect(record.sent).toEqual([]);
  });
  it('is not sent to a dead one: its number is free as soon as it is reaped', () => {
    const { record, root } = scene();
    sendSignal(root, { ...member, isZombie: true }, 'SIGKILL');
    expect(record.sent).toEqual([]);
  });
  it('is the one that was asked for', () => {
    const { record, root } = scene();
    for (const signal of ['SIGSTOP', 'SIGCONT'] as const) sendSignal(root, member, signal);
    expect(record.sent).toEqual([`SIGSTOP → ${PID}`, `SIGCONT → ${PID}`]);
  });
});

describe('a signal by number', () => {
  it('says that it was sent', () => {
    const { record } = scene();
    expect(trySignal(PID, 'SIGTERM')).toBe(true);
    expect(record.sent).toEqual([`SIGTERM → ${PID}`]);
  });
  it.each(['ESRCH', 'EPERM'])('says that it was not, and throws nothing (%s)', (code) => {
    const { record } = scene();
    record.onSignal = () => {
      throw Object.assign(new Error(`kill ${code}`), { code });
    };
    expect(trySignal(PID, 'SIGTERM')).toBe(false);
  });
  it('to a whole group too', () => {
    const { record } = scene();
    trySignal(-PID, 'SIGSTOP');
    expect(record.sent).toEqual([`SIGSTOP → ${-PID}`]);
  });
  it('to a number that nobody can have, the real kernel says no', () => {
    expect(trySignal(PID, 'SIGCONT')).toBe(false);
  });
});
