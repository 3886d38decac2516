import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Makers } from '../../../../src/evidence/creators/makers/makers.ts';
import { kernelRoot } from '../../../../src/procfs/root.ts';
import { FakeClock } from '../../builders/fakeClock.ts';
import { registersAt, taskRecord } from '../../builders/perfRecords.ts';

/** Makers whose memory cannot be read: what is known of them are their command lines. */
let dir = '';
let clock = new FakeClock();
let makers = new Makers({ root: kernelRoot('/nowhere'), now: clock.now, notes: undefined });
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'makers-'));
  clock = new FakeClock();
  makers = new Makers({ root: kernelRoot(dir), now: clock.now, notes: undefined });
});
afterEach(() => {
  makers.close();
  rmSync(dir, { recursive: true });
});

const lives = (pid: number, command: string): void => {
  mkdirSync(join(dir, 'proc', String(pid)), { recursive: true });
  writeFileSync(join(dir, 'proc', String(pid), 'cmdline'), command.replaceAll(' ', '\0'));
  writeFileSync(join(dir, 'proc', String(pid), 'comm'), `${command.split(' ')[0]}\n`);
};
const fork = (pid: number, task: number, atMs = clock.nowMs) => {
  return taskRecord({
    pid,
    task,
    atMs,
    isThread: false,
    name: `p${pid}`,
    registers: registersAt({ 16: 0x1000, 7: 64 }),
  });
};
const soon = () => clock.nowMs + 1000;
const shown = (...args: Parameters<Makers['creators']>) =>
  makers.creators(...args).map(({ count, frames, share }) => [frames[0]?.function, count, Math.round(share * 100)]);

describe('makers that cannot be read', () => {
  it('are told by their command lines, the one with the most first', () => {
    lives(10, 'cron -f');
    lives(20, 'sh backup.sh');
    const records = [fork(10, 11), fork(20, 21), fork(20, 22)];
    clock.pass(300);
    expect(makers.take(records, soon())).toEqual([]);
    expect(shown()).toEqual([
      ['sh backup.sh', 2, 67],
      ['cron -f', 1, 33],
    ]);
    expect(makers.creators()[0]).toMatchObject({ certainty: 'chain', makes: 'processes', command: 'sh backup.sh' });
  });
  it('wait for 200 ms while they live: somebody may hold the lock of their memory', () => {
    lives(10, 'cron -f');
    const records = [fork(10, 11)];
    expect(makers.take(records, soon())).toEqual(records);
    clock.pass(300);
    expect(makers.take(records, soon())).toEqual([]);
    expect(makers.counts).toEqual({ seen: 1, told: 1 });
  });
  it('do not wait when they have ended', () => {
    expect(makers.take([fork(10, 11)], soon())).toEqual([]);
    expect(shown()).toEqual([['p10', 1, 100]]);
  });
});

it('what lives decides, as it was last known, and what was made since', () => {
  makers.take([fork(10, 11), fork(10, 12), fork(10, 13), fork(20, 21)], soon());
  expect(shown(new Set([21]))).toEqual([['p20', 1, 100]]);
  clock.pass(10);
  makers.take([fork(10, 14), fork(10, 15)], soon());
  expect(shown()).toEqual([
    ['p10', 5, 67],
    ['p20', 1, 33],
  ]);
});

it('no more than there is time for; what is left is given back, or counted only', () => {
  const records = [fork(10, 11), fork(10, 12)];
  expect(makers.take(records, clock.nowMs)).toEqual(records);
  makers.leave(records);
  makers.take([fork(10, 13)], soon());
  expect(makers.counts).toEqual({ seen: 3, told: 1 });
  expect(makers.creators()[0]?.source).toBe('the kernel recorded 1 of 3');
});

it('one of so many that was recorded stands for the others, and that is said', () => {
  makers.take([taskRecord({ pid: 10, task: 11, weight: 31 }), taskRecord({ pid: 10, task: 12, weight: 31 })], soon());
  expect(makers.creators()[0]).toMatchObject({ count: 62, source: 'the kernel recorded 2 of about 62' });
});

it('says what the processes went on to run', () => {
  const exec = { kind: 'exec', pid: 11, atMs: clock.nowMs, program: '/usr/bin/sleep' } as const;
  makers.take([fork(10, 11), exec], soon());
  expect(makers.creators()[0]?.runs).toEqual(['sleep']);
});

it('in a storm of forks nothing of the target is read: whoever forks holds the lock of its memory', () => {
  lives(10, 'bomb -x');
  const storm = Array.from({ length: 40 }, (_, index) => fork(10, 100 + index));
  clock.pass(300);
  expect(makers.take(storm, soon())).toEqual([]);
  expect(shown()).toEqual([['p10', 40, 100]]);
});

it('and beside a crowd of others neither', () => {
  lives(10, 'bomb -x');
  writeFileSync(join(dir, 'proc', 'loadavg'), '900.0 900.0 900.0 5000/9000 4711\n');
  const records = [fork(10, 11)];
  expect(makers.take(records, soon())).toEqual(records);
  clock.pass(300);
  expect(makers.take(records, soon())).toEqual([]);
  expect(shown()).toEqual([['p10', 1, 100]]);
});
