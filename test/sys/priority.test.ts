import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Libc } from '../../src/sys/libc.ts';
import { lowerNiceness, type Niceness, raisePriority } from '../../src/sys/priority.ts';

/** A libc that makes threads real-time as long as `may` says so; nothing is changed. */
function scene(may: (asked: number) => boolean) {
  const asked: number[] = [];
  const libc = { setRealtime: (tid: number) => may(asked.push(tid)) } satisfies Partial<Libc> as unknown as Libc;
  return { asked, libc };
}

describe('a better nice value', () => {
  /** A process that may lower its nice value, or not. */
  const process = (nice: number, mayLower = true) => {
    const own = { nice };
    const niceness: Niceness = {
      get: () => own.nice,
      set: (next) => {
        if (next < own.nice && !mayLower) throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
        own.nice = next;
      },
    };
    return { niceness, own };
  };
  it.each([0, 5, 19, -5])('goes back to %i afterwards, whatever it was: the command begins there', (nice) => {
    const { niceness, own } = process(nice);
    const restore = lowerNiceness(niceness);
    expect(own.nice).toBe(-10);
    restore();
    expect(own.nice).toBe(nice);
  });
  it('without a right to it nothing changes, then or afterwards', () => {
    const { niceness, own } = process(5, false);
    lowerNiceness(niceness)();
    expect(own.nice).toBe(5);
  });
  it('one that is better already stays', () => {
    const { niceness, own } = process(-15);
    lowerNiceness(niceness)();
    expect(own.nice).toBe(-15);
  });
});

describe('ahead of the target', () => {
  it('is real-time with every thread, the main one first', () => {
    const { asked, libc } = scene(() => true);
    expect(raisePriority(libc)).toBe('realtime');
    const threads = readdirSync('/proc/self/task').map(Number);
    expect(asked[0]).toBe(process.pid);
    expect(asked.filter((tid) => threads.includes(tid)).length).toBeGreaterThan(1);
  });
  it.each([1, 2])('is not, where thread %i of them is refused: V8’s workers would starve it', (refused) => {
    const { asked, libc } = scene((count) => count !== refused);
    expect(raisePriority(libc)).toBe('default');
    expect(asked).toHaveLength(refused);
  });
  it('is not without libc', () => {
    expect(raisePriority(undefined)).toBe('default');
  });
});
