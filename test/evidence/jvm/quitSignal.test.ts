import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askBySignal } from '../../../src/evidence/jvm/quitSignal.ts';
import { type FakeProc, makeProc } from '../../fixtures/procTree.ts';
import { FakeClock } from '../builders/fakeClock.ts';
import { CATCHES_QUIT, IDLE, jvmDump, jvmThread } from '../builders/jvm.ts';

const DUMP = jvmDump(jvmThread('main', 42, IDLE));
let proc: FakeProc;
let output: string;
beforeEach(() => {
  proc = makeProc({ pid: 42, caught: CATCHES_QUIT });
  output = join(proc.top, 'stdout');
  writeFileSync(output, 'what it printed before\n');
  mkdirSync(proc.root.proc(42, 'fd'));
  symlinkSync(output, proc.root.proc(42, 'fd/1'));
});
afterEach(() => proc.remove());

/** Asks, and answers every signal by `answer`. Time passes only by waiting. */
function ask(answer: (waits: number) => void, jvmOutput?: string) {
  const clock = new FakeClock();
  const sent: [number, string][] = [];
  let waits = 0;
  const result = askBySignal(proc.root, 42, {
    now: clock.now,
    endMs: clock.nowMs + 100,
    wait: (ms) => {
      clock.wait(ms);
      if (sent.length > 0) answer(waits);
      waits += 1;
    },
    signals: { send: (pid, signal) => sent.push([pid, signal]), jvmOutput },
  });
  return { result, sent, waitedMs: clock.waitedMs };
}

describe('a JVM that answers', () => {
  it('is sent one SIGQUIT, and its answer is read back from its standard output', () => {
    const { result, sent, waitedMs } = ask((waits) => {
      if (waits === 3) appendFileSync(output, DUMP);
    });
    expect(sent).toEqual([[42, 'SIGQUIT']]);
    expect(result).toMatchObject({ kind: 'dump', text: DUMP, dump: { isWhole: true } });
    expect(waitedMs).toBeLessThan(20);
  });
  it('bit by bit, between lines of its own', () => {
    const parts = [DUMP.slice(0, 150), `${DUMP.slice(150, -40)}GET /index 200\n`, DUMP.slice(-40)];
    const { result } = ask((waits) => {
      const part = parts[waits];
      if (part !== undefined) appendFileSync(output, part);
    });
    expect(result).toMatchObject({ kind: 'dump', dump: { isWhole: true, threads: [{ name: 'main' }] } });
  });
  it('not to its end in time: what is there, and that it is not all', () => {
    const { result, waitedMs } = ask((waits) => {
      if (waits === 0) appendFileSync(output, DUMP.slice(0, -60));
    });
    expect(result).toMatchObject({ kind: 'dump', dump: { isWhole: false, threads: [{ name: 'main' }] } });
    expect(waitedMs).toBeGreaterThanOrEqual(100);
    expect(waitedMs).toBeLessThan(110);
  });
  it('a dump that an operator asked for before is not taken for the answer', () => {
    writeFileSync(output, DUMP);
    const { result } = ask(() => {});
    expect(result).toMatchObject({ kind: 'none' });
  });
  it('into a file that the operator named', () => {
    const named = join(proc.top, 'named');
    writeFileSync(named, '');
    const { result } = ask((waits) => {
      if (waits === 0) appendFileSync(named, DUMP);
    }, named);
    expect(result.kind).toBe('dump');
  });
});

describe('a JVM that is not asked, or does not answer', () => {
  it('writes nothing in time', () => {
    const { result } = ask(() => {});
    expect(result).toEqual({ kind: 'none', why: 'it did not answer SIGQUIT in time' });
  });
  it('would end of it', () => {
    proc.put({ pid: 42, files: { 'fd/1': '' } });
    const { result, sent } = ask(() => {});
    expect(result).toEqual({ kind: 'none', why: 'it does not catch SIGQUIT, which would end it' });
    expect(sent).toEqual([]);
  });
  it('writes into a pipe: the operator can name where it ends', () => {
    proc.put({ pid: 42, caught: CATCHES_QUIT, files: { 'fd/1/not-a-file': '' } });
    const { result, sent } = ask(() => {});
    expect(result).toMatchObject({ why: expect.stringContaining('--jvm-output') });
    expect(sent).toEqual([]);
  });
  it('is gone', () => {
    proc.vanish(42);
    expect(ask(() => {}).result).toMatchObject({ why: expect.stringMatching(/cannot be read back \(ENOENT\)/) });
  });
  it('belongs to somebody else', () => {
    const clock = new FakeClock();
    const send = (): never => {
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
    };
    const reading = {
      ...clock,
      now: clock.now,
      wait: clock.wait,
      endMs: 2_000,
      signals: { send, jvmOutput: undefined },
    };
    expect(askBySignal(proc.root, 42, reading)).toEqual({ kind: 'none', why: 'it cannot be sent SIGQUIT (EPERM)' });
  });
  it('its output was truncated meanwhile: nothing is read from before', () => {
    const { result } = ask((waits) => {
      if (waits === 0) writeFileSync(output, 'x');
    });
    expect(result.kind).toBe('none');
  });
});
