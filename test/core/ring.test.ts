import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ring } from '../../src/core/ring.ts';

describe('a ring', () => {
  it('is empty at first', () => {
    const ring = new Ring<number>(3);
    expect([ring.items(), ring.last()]).toEqual([[], undefined]);
  });
  it('keeps the last items in order, whatever the number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(), { maxLength: 100 }), (capacity, pushed) => {
        const ring = new Ring<number>(capacity);
        for (const item of pushed) ring.push(item);
        expect(ring.items()).toEqual(pushed.slice(-capacity));
        expect(ring.last()).toBe(pushed.at(-1));
      }),
    );
  });
});
