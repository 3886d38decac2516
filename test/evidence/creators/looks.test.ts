import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../src/core/stack.ts';
import { sampleByLooks } from '../../../src/evidence/creators/looks.ts';
import { sampleByAsking } from '../../../src/evidence/creators/rounds.ts';
import type { JvmAnswer } from '../../../src/evidence/jvm/attachListener.ts';
import { parseThreadDump } from '../../../src/evidence/jvm/threadDump.ts';
import { FakeSampled, PYTHON_MAKING, PYTHON_SLEEPING } from '../builders/fakeSampled.ts';
import { jvmDump, jvmThread } from '../builders/jvm.ts';

describe('a process that is looked at while it runs', () => {
  const workers = (stack: (look: number) => readonly Frame[] | undefined) =>
    new FakeSampled([
      { tid: 42, busy: 0.5, stack },
      { tid: 43, ranMs: 100, stack: () => PYTHON_SLEEPING },
    ]);
  const look = (process: FakeSampled, timeoutMs = 100) =>
    sampleByLooks(() => process, 42, process.search(timeoutMs, 0));

  it('is never stopped', () => {
    const process = workers(() => PYTHON_MAKING);
    expect(look(process)).toMatchObject({ stops: 0, stoppedMs: 0, longestStopMs: 0 });
    expect(process.stops).toBe(0);
  });
  it('the busiest thread is watched until it makes one', () => {
    // Caught at one look in twenty, as one that is refused and sleeps.
    const { samples } = look(workers((at) => (at % 20 === 19 ? PYTHON_MAKING : PYTHON_SLEEPING)));
    expect(samples.filter(({ frames }) => frames === PYTHON_MAKING).length).toBeGreaterThan(5);
    // The other thread was looked at beside it each time; the last watch may have been cut off.
    const caught = samples.filter(({ frames }) => frames === PYTHON_MAKING).length;
    expect(samples.length / 2 - caught).toBeLessThanOrEqual(1);
  });
  it('if it makes none, what it did last counts', () => {
    const { samples } = look(workers(() => PYTHON_SLEEPING));
    expect(samples.length).toBeGreaterThan(10);
    expect(samples.every(({ frames }) => frames === PYTHON_SLEEPING)).toBe(true);
  });
  it('a thread that never holds still tells nothing', () => {
    const { samples } = look(workers(() => undefined));
    expect(samples.every(({ frames }) => frames === PYTHON_SLEEPING)).toBe(true);
  });
  it('whoever watches gives the processor away now and then', () => {
    const process = workers(() => PYTHON_SLEEPING);
    process.lookMs = 0.05;
    look(process, 50);
    expect(process.clock.waitedMs % 1).toBeGreaterThan(0);
  });
  it('it ends in time, and is closed', () => {
    const process = workers(() => PYTHON_SLEEPING);
    const startMs = process.clock.nowMs;
    look(process);
    expect(process.clock.nowMs - startMs).toBeLessThan(102);
    expect(process.isClosed).toBe(true);
  });
  it('after four hundred looks', () => {
    const process = workers(() => PYTHON_MAKING);
    process.lookMs = 0.001;
    expect(look(process, 60_000).samples).toHaveLength(800);
  });
  it('one that cannot be read', () => {
    expect(sampleByLooks(() => undefined, 42, new FakeSampled([]).search(100, 0)).samples).toEqual([]);
  });
});

describe('a runtime that is asked again and again', () => {
  const text = jvmDump(jvmThread('a', 1, 'java.lang.Thread.start0(Native Method)', 'com.acme.Pool.grow(Pool.java:3)'));
  const answer: JvmAnswer = { kind: 'dump', text, dump: parseThreadDump(text) };
  const ask = (takesMs: number, answers: (round: number) => JvmAnswer = () => answer, timeoutMs = 100) => {
    const process = new FakeSampled([]);
    let rounds = 0;
    const sampled = sampleByAsking(() => {
      process.clock.pass(takesMs);
      rounds += 1;
      return answers(rounds);
    }, process.search(timeoutMs));
    return { ...sampled, rounds };
  };
  it('as often as there is time', () => {
    // The first begins at 0; each takes 24 ms and 1 ms between.
    expect(ask(24).rounds).toBe(4);
  });
  it('twenty times at most', () => {
    expect(ask(0.1, undefined, 10_000).rounds).toBe(20);
  });
  it('a round that would not fit is not begun', () => {
    expect(ask(60).rounds).toBe(1);
  });
  it('until it does not answer', () => {
    const { rounds, samples } = ask(1, (round) => (round < 3 ? answer : { kind: 'none', why: 'busy' }));
    expect({ rounds, samples: samples.length }).toEqual({ rounds: 3, samples: 2 });
  });
  it('nobody can be asked', () => {
    expect(sampleByAsking(undefined, new FakeSampled([]).search(100)).samples).toEqual([]);
  });
});
