import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueQueue } from '../../src/engine/dueQueue.ts';

/** Everything that is due by then, in the order in which it is given out. */
function drain<T>(queue: DueQueue<T>, nowMs = Number.POSITIVE_INFINITY): { item: T; dueMs: number }[] {
  const out: { item: T; dueMs: number }[] = [];
  for (let due = queue.takeDue(nowMs); due !== undefined; due = queue.takeDue(nowMs)) out.push({ ...due });
  return out;
}

describe('what is due when', () => {
  it('nothing is due in an empty one', () => {
    const queue = new DueQueue<string>();
    expect([queue.size, queue.nextMs, queue.takeDue(1e9)]).toEqual([0, undefined, undefined]);
  });
  it('gives out what is due, the earliest first, and keeps the rest', () => {
    const queue = new DueQueue<string>();
    for (const [item, dueMs] of [
      ['c', 30],
      ['a', 10],
      ['b', 20],
      ['d', 40],
    ] as const)
      queue.set(item, dueMs);
    expect(drain(queue, 25).map(({ item }) => item)).toEqual(['a', 'b']);
    expect([queue.size, queue.nextMs]).toEqual([2, 30]);
  });
  it('has one place for an item: setting it again moves it, earlier and later', () => {
    const queue = new DueQueue<string>();
    for (const [item, dueMs] of [
      ['a', 10],
      ['b', 20],
      ['a', 30],
      ['c', 25],
      ['c', 5],
    ] as const)
      queue.set(item, dueMs);
    expect(drain(queue).map(({ dueMs, item }) => `${item} ${dueMs}`)).toEqual(['c 5', 'b 20', 'a 30']);
  });
  it('removes from anywhere, and what is not there is no trouble', () => {
    const queue = new DueQueue<number>();
    for (let i = 0; i < 10; i += 1) queue.set(i, i);
    for (const item of [0, 5, 9, 77]) queue.remove(item);
    expect(drain(queue).map(({ item }) => item)).toEqual([1, 2, 3, 4, 6, 7, 8]);
  });
  it('is a sorted list, whatever is done to it', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('set' as const), item: fc.nat(20), dueMs: fc.nat(100) }),
      fc.record({ do: fc.constant('remove' as const), item: fc.nat(20) }),
      fc.record({ do: fc.constant('take' as const), nowMs: fc.nat(100) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new DueQueue<number>();
        const model = new Map<number, number>();
        for (const one of steps) {
          if (one.do === 'set') {
            queue.set(one.item, one.dueMs);
            model.set(one.item, one.dueMs);
          } else if (one.do === 'remove') {
            queue.remove(one.item);
            model.delete(one.item);
          } else {
            const due = queue.takeDue(one.nowMs);
            const least = Math.min(...model.values());
            expect(due?.dueMs).toBe(least <= one.nowMs ? least : undefined);
            if (due !== undefined) {
              expect(model.get(due.item)).toBe(due.dueMs);
              model.delete(due.item);
            }
          }
          expect([queue.size, queue.nextMs]).toEqual([
            model.size,
            model.size === 0 ? undefined : Math.min(...model.values()),
          ]);
        }
      }),
      { seed: 14, numRuns: 300 },
    );
  });
});
