import { describe, expect, it } from 'vitest';
import { bytecodeOffsetAt, positionOf } from '../../../src/evidence/v8/positions.ts';
import { uleb } from '../builders/byteWriter.ts';
import { positionTable } from '../builders/v8Layout.ts';

describe('positionOf', () => {
  const table = positionTable([
    { at: 0, position: 10, isStatement: false },
    { at: 7, position: 300, isStatement: true },
    { at: 7, position: 290, isStatement: false },
    { at: 40, position: 20, isStatement: false },
  ]);
  it.for([
    ['the first', 0, 10],
    ['up to the next', 6, 10],
    ['the last of those at one place', 7, 290],
    ['backwards', 41, 20],
    ['behind all', 10_000, 20],
  ] as const)('%s', ([, offset, want]) => {
    expect(positionOf(table, offset)).toBe(want);
  });
  it.for([
    ['no entry', Buffer.alloc(0)],
    ['before the first', positionTable([{ at: 9, position: 1, isStatement: true }])],
    ['cut', table.subarray(0, table.length - 1).subarray(0, 1)],
    ['numbers without an end', Buffer.alloc(100, 0xff)],
    ['a position below 0', Buffer.from([0, 5])],
  ] as const)('nothing for %s', ([, bytes]) => {
    expect(positionOf(bytes, 3)).toBeUndefined();
  });
});

describe('bytecodeOffsetAt', () => {
  // Three instructions: of one byte, of two, and a wide one of 1 + 3.
  const sizes = Buffer.from([1, 1, 1, 2, 1, 1, 1, 3, 1, 1, 1, 5]);
  const bytecodes = { code: Buffer.from([2, 3, 0, 0, 3, 0, 0, 2]), sizes };
  const table = Buffer.from([20, 10, 200, 5, 6].flatMap(uleb));
  it.for([
    ['the prologue', 20, undefined],
    ['the first', 21, 0],
    ['its end', 30, 0],
    ['the second', 31, 1],
    ['the wide one', 231, 3],
    ['behind it', 236, 7],
    ['behind all', 10_000, undefined],
  ] as const)('%s', ([, pc, want]) => {
    expect(bytecodeOffsetAt(pc, table, bytecodes)).toBe(want);
  });
  it('nothing without the sizes of instructions', () => {
    expect(bytecodeOffsetAt(31, table, { ...bytecodes, sizes: Buffer.alloc(0) })).toBeUndefined();
  });
  it('nothing for instructions of no size, and for a cut table', () => {
    expect(bytecodeOffsetAt(31, table, { ...bytecodes, sizes: Buffer.alloc(12) })).toBeUndefined();
    expect(bytecodeOffsetAt(231, table.subarray(0, 2), bytecodes)).toBeUndefined();
  });
});
