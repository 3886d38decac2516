import { expect, it } from 'vitest';
import { Cursor } from '../../../src/evidence/elf/bytes.ts';
import { pointer } from '../../../src/evidence/elf/pointer.ts';
import { ByteWriter } from '../builders/byteWriter.ts';

const BASE = 0x1000;
const w = () => new ByteWriter();

it.for([
  ['absptr', 0x00, w().u64(0x7f00_0000_1234), 0x7f00_0000_1234],
  ['uleb128', 0x01, w().uleb(300), 300],
  ['udata2', 0x02, w().u16(0xfffe), 0xfffe],
  ['udata4', 0x03, w().u32(0xfffffffe), 0xfffffffe],
  ['udata8', 0x04, w().u64(5), 5],
  ['sleb128', 0x09, w().sleb(-300), -300],
  ['sdata2', 0x0a, w().u16(0xfffe), -2],
  ['sdata4', 0x0b, w().i32(-2), -2],
  ['sdata8', 0x0c, w().u64(-2), -2],
  ['relative to itself', 0x1b, w().i32(-0x10), BASE - 0x10],
  ['relative to the table', 0x3b, w().i32(0x20), BASE + 0x20],
  ['omitted', 0xff, w().u32(1), undefined],
  ['relative to the text, which no linker writes', 0x2b, w().i32(1), undefined],
  ['a format that there is not', 0x05, w().u64(1), undefined],
] as const)('%s', ([, encoding, writer, want]) => {
  expect(pointer(new Cursor(writer.done()), encoding, BASE)).toBe(want);
});

it('relative to itself means: to its own place', () => {
  const cursor = new Cursor(new ByteWriter().u32(0).i32(0x100).done(), 4);
  expect(pointer(cursor, 0x1b, BASE)).toBe(BASE + 4 + 0x100);
  expect(cursor.at).toBe(8);
});
