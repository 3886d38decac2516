import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineOf } from '../../../src/evidence/python/lines.ts';

const bytes = (...values: number[]) => Buffer.from(values.map((value) => value & 0xff));

describe('lineOf', () => {
  // def f(): (1) / a = 1 (2) / b = 2 (4), as each version's compiler writes it.
  it.for([
    ['lnotab: the first line', 'lnotab', bytes(0, 1, 4, 2), 0, 2],
    ['lnotab: the last instruction of a line', 'lnotab', bytes(0, 1, 4, 2), 3, 2],
    ['lnotab: the next one', 'lnotab', bytes(0, 1, 4, 2), 4, 4],
    ['lnotab: backwards, as loops are', 'lnotab', bytes(0, 3, 4, -2), 6, 2],
    ['pairs: the first range', 'pairs', bytes(4, 1, 8, 2), 0, 2],
    ['pairs: its end is not in it', 'pairs', bytes(4, 1, 8, 2), 4, 4],
    ['pairs: no line', 'pairs', bytes(4, 1, 2, -128, 8, 2), 5, undefined],
    ['pairs: after a range without one', 'pairs', bytes(4, 1, 2, -128, 8, 2), 6, 4],
    ['locations: one line form', 'locations', bytes(0x80 | (11 << 3) | 1, 0, 0), 2, 2],
    ['locations: short form', 'locations', bytes(0x80 | (11 << 3), 0, 0, 0x80 | (3 << 3) | 3, 0x11), 6, 2],
    ['locations: long form, line back by 3', 'locations', bytes(0x80 | (14 << 3), 7, 0, 0, 0), 0, -2],
    ['locations: no column', 'locations', bytes(0x80 | (13 << 3), ((2 * 30) & 0x3f) | 0x40, 0), 0, 31],
    ['locations: none', 'locations', bytes(0x80 | (15 << 3)), 0, undefined],
    ['locations: past the end', 'locations', bytes(0x80 | (11 << 3), 0, 0), 100, undefined],
    ['locations: cut short', 'locations', bytes(0x80 | (14 << 3), 0x40), 0, undefined],
    ['an empty table', 'pairs', bytes(), 0, undefined],
  ] as const)('%s', ([, kind, table, offset, want]) => {
    expect(lineOf(kind, table, 1, offset)).toBe(want);
  });
});

it('any table gives a line or none, and ends', () => {
  const kinds = fc.constantFrom('lnotab' as const, 'pairs' as const, 'locations' as const);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(2_000), kinds, (raw, offset, kind) => {
      const line = lineOf(kind, Buffer.from(raw), 1, offset);
      expect(line === undefined || Number.isSafeInteger(line)).toBe(true);
    }),
    { numRuns: 1_000, seed: 9 },
  );
});
