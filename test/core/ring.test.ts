import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ring } from '../../src/core/ring.ts';

describe('a ring', () => {
  it('is empty at first', () => {
    const ring = new Ring<number>(3);
    expect([ring.items(), ring.at(-1)]).toEqual([[], undefined]);
  });
  it('keeps the last items in order, whatever the number, and is read by index like an array', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(), { maxLength: 100 }), (capacity, pushed) => {
        const ring = new Ring<number>(capacity);
        for (const item of pushed) ring.push(item);
        expect(ring.items()).toEqual(pushed.slice(-capacity));
        const last = pushed.slice(-capacity);
        expect(ring.length).toBe(last.length);
        for (let index = -capacity - 1; index <= capacity; index += 1) expect(ring.at(index)).toBe(last.at(index));
      }),
    );
  });
});
