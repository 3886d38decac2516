import { describe, expect, it } from 'vitest';
import { RefusalCount, type RefusalLook } from '../../src/engine/refusalCount.ts';

/** Looks one after the other, 100 ms apart, at a target that stands at its line of 1,000. */
function scene() {
  const count = new RefusalCount();
  let nowMs = 0;
  const look = (refused: number | undefined, over: Partial<RefusalLook> = {}) => {
    nowMs += 100;
    return count.look({ nowMs, refused, tasks: 1_000, line: 1_000, isLeash: false, isClamped: false, ...over });
  };
  return { count, look };
}

describe('what is new since the last look', () => {
  it('the kernel counts from the start, a look tells the difference', () => {
    const { look } = scene();
    expect([look(3).now, look(3).now, look(10).now]).toEqual([3, 0, 7]);
  });
  it('undefined where the kernel does not count, and never refused', () => {
    const { count, look } = scene();
    expect(look(undefined)).toEqual({ now: undefined, atLine: 0, looksAtLine: 0, leashLooks: 0 });
    expect([count.lastMs, count.since(undefined)]).toEqual([undefined, 0]);
  });
  it('asking beforehand takes nothing into account', () => {
    const { count, look } = scene();
    look(3);
    expect([count.since(8), count.since(8), look(8).now, count.since(8)]).toEqual([5, 5, 5, 0]);
  });
});

describe('at the line', () => {
  it('counts the refusals and the looks that found some', () => {
    const { look } = scene();
    look(4);
    look(4);
    expect(look(6)).toMatchObject({ atLine: 6, looksAtLine: 2 });
  });
  it.each([
    [899, 0],
    [900, 4],
    [1_200, 4],
  ])('with %d tasks it still remembers %d', (tasks, atLine) => {
    const { look } = scene();
    look(4);
    expect(look(4, { tasks }).atLine).toBe(atLine);
  });
});

describe('at a leash', () => {
  it('counts looks in a row, and one without a refusal begins anew', () => {
    const { look } = scene();
    const seen = [1, 2, 3, 3, 4].map((refused) => look(refused, { isLeash: true }).leashLooks);
    expect(seen).toEqual([1, 2, 3, 0, 1]);
  });
});

describe('since the clamp', () => {
  it('what came before does not count', () => {
    const { count, look } = scene();
    look(90);
    count.clamped();
    look(90, { isClamped: true });
    expect([count.sinceClamp, count.looksSinceClamp]).toEqual([0, 0]);
    look(95, { isClamped: true });
    look(97, { isClamped: true });
    expect([count.sinceClamp, count.looksSinceClamp]).toEqual([7, 2]);
  });
});
