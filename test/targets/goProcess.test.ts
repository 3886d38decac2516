import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lastWordsOfGo } from '../../src/targets/goProcess.ts';
import { FIRST_PID, fakeMachine } from './fakeMachine.ts';
import { recordSignals } from './sentSignals.ts';

const GO_NOTE = '\x7fELF rest of the header \x04\x00\x00\x00Go\x00\x00 and the build id';
/** Bit 2 is SIGQUIT, bit 14 SIGTERM. */
const CATCHES_QUIT = '0000000000000004';
const CATCHES_TERM = '0000000000004000';
const pid = (n: number): number => FIRST_PID + n;

/** A machine of programs, where each signal and each question about the time is noted. Every question takes 10 ms. */
function scene() {
  const machine = fakeMachine();
  const asked = { times: 0 };
  const program = (n: number, { caught = CATCHES_QUIT, exe = GO_NOTE, threads = 2 } = {}): void => {
    machine.put({ pid: pid(n), ppid: 1, threads });
    writeFileSync(machine.root.proc(pid(n), 'exe'), exe);
    writeFileSync(machine.root.proc(pid(n), 'status'), `Name:\tx\nThreads:\t${threads}\nSigCgt:\t${caught}\n`);
  };
  const run = (numbers: readonly number[], timeoutMs = 50): Promise<void> =>
    lastWordsOfGo(machine.root, numbers.map(pid), {
      now: () => {
        asked.times += 1;
        machine.nowMs += 10;
        return machine.nowMs;
      },
      timeoutMs,
    });
  return { asked, machine, program, record: recordSignals(), run };
}

describe('the last words of Go programs', () => {
  it('are asked for with SIGQUIT', async () => {
    const { program, record, run } = scene();
    program(10);
    await run([10]);
    expect(record.sent).toEqual([`SIGQUIT → ${pid(10)}`]);
  });
  it.each([
    ['another runtime, which would dump its core', { exe: '\x7fELF nothing of the kind' }],
    ['a Go program that handles another signal only', { caught: CATCHES_TERM }],
    ['one that handles none', { caught: '0000000000000000' }],
  ])('are not asked of %s', async (_, over) => {
    const { program, record, run } = scene();
    program(10, over);
    await run([10]);
    expect(record.sent).toEqual([]);
  });
  it('are asked of the four with the most threads', async () => {
    const { program, record, run } = scene();
    for (const n of [10, 20, 30, 40, 50]) program(n, { threads: n === 20 ? 1 : n / 5 });
    await run([10, 20, 30, 40, 50]);
    expect(record.sent).toEqual([50, 40, 30, 10].map((n) => `SIGQUIT → ${pid(n)}`));
  });
  it('are not asked of one that is gone', async () => {
    const { program, record, run } = scene();
    program(20);
    await run([10, 20]);
    expect(record.sent).toEqual([`SIGQUIT → ${pid(20)}`]);
  });
});

describe('the wait for them', () => {
  it('ends when all have ended', async () => {
    const { asked, machine, program, record, run } = scene();
    program(10);
    program(20);
    record.onSignal = (one) => machine.end(one);
    await run([10, 20], 1_000_000);
    expect(asked.times).toBe(2);
  });
  it('goes on while one of them lives, and not beyond its time', async () => {
    const { asked, machine, program, record, run } = scene();
    program(10);
    program(20);
    record.onSignal = (one) => one === pid(10) && machine.end(one);
    await run([10, 20], 50);
    expect(asked.times).toBe(6);
  });
  it('is seen to end in the middle', async () => {
    const { asked, machine, program, run } = scene();
    program(10);
    const done = run([10], 1_000_000);
    machine.end(pid(10));
    await done;
    expect(asked.times).toBe(3);
  });
  it('is none where nobody was asked', async () => {
    const { asked, program, run } = scene();
    program(10, { exe: 'no Go' });
    await run([10], 1_000_000);
    expect(asked.times).toBe(2);
  });
  it('is none for one that may not be signalled', async () => {
    const { asked, program, record, run } = scene();
    program(10);
    record.onSignal = () => {
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
    };
    await run([10], 1_000_000);
    expect([record.sent, asked.times]).toEqual([[], 2]);
  });
});
