import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cursor } from '../../../src/evidence/elf/bytes.ts';
import { ByteWriter, sleb, uleb } from '../builders/byteWriter.ts';

const cursorOf = (...bytes: number[]): Cursor => new Cursor(Buffer.from(bytes));

describe('numbers', () => {
  it('one after another, little-endian, signed and unsigned', () => {
    const bytes = new ByteWriter()
      .bytes(0xff, 0xff)
      .u16(0x1234)
      .u32(0xfffffffe)
      .i32(-2)
      .u64(0x7fff_1234_5678)
      .u64(-16)
      .text('main')
      .done();
    const cursor = new Cursor(bytes);
    expect([cursor.u8(), cursor.i8(), cursor.u16(), cursor.u32(), cursor.i32()]).toEqual([
      255, -1, 0x1234, 0xfffffffe, -2,
    ]);
    expect([cursor.u64(), cursor.i64(), cursor.text()]).toEqual([0x7fff_1234_5678, -16, 'main']);
    expect([cursor.isDone, cursor.isBroken]).toEqual([true, false]);
  });
  it('LEB128 gives back what was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeInteger(), (natural, integer) => {
        expect(cursorOf(...uleb(natural)).uleb()).toBe(natural);
        expect(cursorOf(...sleb(integer)).sleb()).toBe(integer);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
  it.for([
    ['0', [0], 0, 0],
    ['the sign is bit 6 of the last byte', [0x7f], 127, -1],
    ['two bytes', [0x80, 0x01], 128, 128],
    ['padded with zeros, as assemblers do', [0x85, 0x80, 0x80, 0x00], 5, 5],
  ] as const)('LEB128: %s', ([, bytes, unsigned, signed]) => {
    expect(cursorOf(...bytes).uleb()).toBe(unsigned);
    expect(cursorOf(...bytes).sleb()).toBe(signed);
  });
});

describe('damage', () => {
  it.for([
    ['a number that is cut', [1, 2], (cursor: Cursor) => cursor.u32()],
    ['nothing at all', [], (cursor: Cursor) => cursor.u8()],
    ['a LEB128 number without an end', [0x80, 0x80], (cursor: Cursor) => cursor.uleb()],
    ['a LEB128 number of eleven bytes', [...new Array(10).fill(0xff), 1], (cursor: Cursor) => cursor.uleb()],
    ['a signed one', [...new Array(10).fill(0xff), 1], (cursor: Cursor) => cursor.sleb()],
    ['half of eight bytes', [1, 2, 3, 4, 5], (cursor: Cursor) => cursor.i64() * 0],
  ] as const)('%s breaks the cursor, and gives 0', ([, bytes, read]) => {
    const cursor = cursorOf(...bytes);
    expect(read(cursor)).toBe(0);
    expect(cursor.isBroken).toBe(true);
    expect(cursor.isDone).toBe(true);
  });
  it.for([
    ['a text without its end', (cursor: Cursor) => cursor.text()],
    ['a jump over the end', (cursor: Cursor) => cursor.advance(100)],
    ['a jump back', (cursor: Cursor) => cursor.advance(-1)],
    ['a jump to nowhere', (cursor: Cursor) => cursor.advance(Number.NaN)],
  ] as const)('%s breaks it', ([, act]) => {
    const cursor = cursorOf(1, 2, 3);
    act(cursor);
    expect(cursor.isBroken).toBe(true);
  });
  it('stays: what comes after is worthless', () => {
    const cursor = cursorOf(1, 2);
    cursor.u32();
    expect([cursor.u8(), cursor.text(), cursor.uleb()]).toEqual([0, '', 0]);
  });
  it('of a cursor over a part, the end of the part counts', () => {
    const cursor = new Cursor(Buffer.from('abcd\0'), 1, 3);
    expect(cursor.text()).toBe('');
    expect(cursor.isBroken).toBe(true);
  });
  it('any reads of any bytes end, and no value is NaN', () => {
    const steps = fc.array(
      fc.constantFrom('u8', 'i8', 'u16', 'u32', 'i32', 'u64', 'i64', 'uleb', 'sleb', 'text', 'skip'),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), steps, (raw, names) => {
        const cursor = new Cursor(Buffer.from(raw));
        for (const name of names) {
          const value = name === 'skip' ? cursor.advance(cursor.uleb()) : cursor[name]();
          expect(value).not.toBeNaN();
          expect(cursor.at).toBeLessThanOrEqual(cursor.end);
        }
      }),
      { numRuns: 500, seed: 2 },
    );
  });
});
