import { describe, expect, it } from 'vitest';
import { walkTarget } from '../../src/targets/walkTarget.ts';
import { type FakeProcess, FIRST_PID, fakeMachine } from './fakeMachine.ts';
import { recordSignals } from './sentSignals.ts';

const CHILD = FIRST_PID + 1;
const BELOW = FIRST_PID + 2;
const LATER = FIRST_PID + 3;
const uid = process.getuid?.() ?? 0;

/** A child with one process below it. This process plays the guard; `hasLibc`: orphans come to it, limits can be set. */
function scene({ hasLibc, useRlimit = false, child = {} }: Scene) {
  const machine = fakeMachine();
  machine.put({ pid: process.pid, ppid: 1, threads: 10 });
  const libc = hasLibc ? machine.libc : undefined;
  const { loadavg, root } = machine;
  const target = walkTarget({ root, loadavg, libc, uid, now: () => (machine.nowMs += 0.1), own: new Set() }, useRlimit);
  target.birth.beforeFork('max');
  machine.put({ pid: CHILD, ppid: process.pid, ...child }, { pid: BELOW, ppid: CHILD });
  machine.host(102, BELOW);
  target.birth.afterFork(CHILD, 'max');
  return { machine, target, record: recordSignals() };
}
interface Scene {
  readonly hasLibc: boolean;
  readonly useRlimit?: boolean;
  readonly child?: Partial<FakeProcess>;
}

describe('a round of kills', () => {
  it('where orphans come to the guard: one pass of SIGKILL, and nobody is stopped first', () => {
    const { record, target } = scene({ hasLibc: true });
    target.end.killRound();
    expect(record.sent.sort()).toEqual([`SIGKILL → ${CHILD}`, `SIGKILL → ${BELOW}`]);
  });
  it('where they would not: all of it stands still before the first one dies', () => {
    const { record, target } = scene({ hasLibc: false });
    target.end.killRound();
    expect(record.sent.slice(0, 2).sort()).toEqual([`SIGSTOP → ${CHILD}`, `SIGSTOP → ${BELOW}`]);
    expect(record.sent.slice(2).sort()).toEqual([`SIGKILL → ${CHILD}`, `SIGKILL → ${BELOW}`]);
  });
  it.each([true, false])('the group of the child comes before anybody by name (libc: %s)', (hasLibc) => {
    const { record, target } = scene({ hasLibc, child: { pgrp: CHILD } });
    target.end.killRound();
    const signals = hasLibc ? ['SIGKILL'] : ['SIGSTOP', 'SIGKILL'];
    for (const signal of signals) {
      const these = record.sent.filter((one) => one.startsWith(signal));
      expect(these[0]).toBe(`${signal} → ${-CHILD}`);
      expect(these).toHaveLength(3);
    }
  });
  it('no group is signalled where another process has the number of the child', () => {
    const { machine, record, target } = scene({ hasLibc: true, child: { pgrp: CHILD } });
    machine.put({ pid: CHILD, ppid: 1, startTime: 99, pgrp: CHILD });
    target.end.killRound();
    expect(record.sent).not.toContain(`SIGKILL → ${-CHILD}`);
  });
  it('a dead one is left alone', () => {
    const { machine, record, target } = scene({ hasLibc: true });
    machine.put({ pid: CHILD, ppid: process.pid, state: 'Z' });
    target.end.killRound();
    expect(record.sent).toEqual([`SIGKILL → ${BELOW}`]);
  });
  it('what is born during it dies with it', () => {
    const { machine, record, target } = scene({ hasLibc: true });
    record.onSignal = (pid) => {
      if (pid !== BELOW) return;
      machine.put({ pid: LATER, ppid: BELOW });
      machine.host(103, LATER);
    };
    target.end.killRound();
    expect(record.sent).toContain(`SIGKILL → ${LATER}`);
  });
  it('who cannot be signalled does not keep the others alive', () => {
    const { record, target } = scene({ hasLibc: true });
    record.onSignal = (pid) => {
      if (pid === CHILD) throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
    };
    target.end.killRound();
    expect(record.sent).toEqual([`SIGKILL → ${BELOW}`]);
  });
  it('leaves no room for another one: the limit of everybody is what others hold', () => {
    const { machine, target } = scene({ hasLibc: true, useRlimit: true });
    target.end.killRound();
    expect([machine.limits.get(CHILD), machine.limits.get(BELOW)]).toEqual([10n, 10n]);
  });
  it('touches no limit where nothing holds', () => {
    const { machine, target } = scene({ hasLibc: true });
    target.end.killRound();
    expect(machine.limits.size).toBe(0);
  });
  it('leaves the target held: a picture may be taken without a stop', () => {
    const { record, target } = scene({ hasLibc: true });
    expect(target.brake.pause('whole')).toBeUndefined();
    target.end.killRound();
    const sent = record.sent.length;
    target.brake.pause('whole')?.();
    expect([target.brake.pause('whole'), record.sent.length]).toEqual([expect.any(Function), sent]);
  });
});

describe('one signal to everybody', () => {
  it('reaches what was born since the last walk', () => {
    const { machine, record, target } = scene({ hasLibc: true });
    machine.put({ pid: LATER, ppid: BELOW });
    target.end.signal('SIGTERM');
    expect(record.sent.sort()).toEqual([CHILD, BELOW, LATER].map((pid) => `SIGTERM → ${pid}`));
  });
  it('lets go of what was stopped, after the signal: a stopped one could not obey', () => {
    const { record, target } = scene({ hasLibc: true });
    target.brake.clamp(1);
    record.sent.length = 0;
    target.end.signal('SIGTERM');
    expect(record.sent.slice(0, 2).every((one) => one.startsWith('SIGTERM'))).toBe(true);
    expect(record.sent.slice(2).sort()).toEqual([`SIGCONT → ${CHILD}`, `SIGCONT → ${BELOW}`]);
  });
  it('sends no SIGCONT to one that was never stopped', () => {
    const { record, target } = scene({ hasLibc: true });
    target.end.signal('SIGTERM');
    expect(record.sent.some((one) => one.startsWith('SIGCONT'))).toBe(false);
  });
});

describe('a clamp where nothing holds', () => {
  it('stops all of it, and a release lets all of it go once', () => {
    const { record, target } = scene({ hasLibc: true });
    expect(target.brake.clamp(1)).toBe(true);
    expect(record.sent.sort()).toEqual([`SIGSTOP → ${CHILD}`, `SIGSTOP → ${BELOW}`]);
    record.sent.length = 0;
    target.brake.release('max');
    target.brake.thaw();
    expect(record.sent.sort()).toEqual([`SIGCONT → ${CHILD}`, `SIGCONT → ${BELOW}`]);
  });
});

describe('the end', () => {
  it('is not there while one below the child lives, whatever became of the child', () => {
    const { machine, target } = scene({ hasLibc: false });
    target.end.isEmpty();
    machine.end(CHILD);
    machine.put({ pid: BELOW, ppid: 1 });
    expect(target.end.isEmpty()).toBe(false);
    machine.end(BELOW);
    expect(target.end.isEmpty()).toBe(true);
  });
});
