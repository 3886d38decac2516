import type { Cursor } from './bytes.ts';

const OMITTED = 0xff;
/** The low four bits of an encoding: the format of the number. */
const FORMATS: Readonly<Record<number, (cursor: Cursor) => number>> = {
  0: (cursor) => cursor.u64(),
  1: (cursor) => cursor.uleb(),
  2: (cursor) => cursor.u16(),
  3: (cursor) => cursor.u32(),
  4: (cursor) => cursor.u64(),
  9: (cursor) => cursor.sleb(),
  10: (cursor) => (cursor.u16() << 16) >> 16,
  11: (cursor) => cursor.i32(),
  12: (cursor) => cursor.i64(),
};
/** Bits 4 to 6: what the number is relative to. */
const ABSOLUTE = 0x00;
const TO_ITSELF = 0x10;
const TO_DATA = 0x30;

/**
 * A pointer in one of the encodings of exception frames (Linux Standard Base, DWARF extensions). `base` is the address of
 * byte 0 of the cursor, and of the table for a pointer relative to data. `undefined` for an omitted pointer, and for an
 * encoding that no linker writes.
 */
export function pointer(cursor: Cursor, encoding: number, base: number): number | undefined {
  if (encoding === OMITTED) return undefined;
  const here = base + cursor.at;
  const value = FORMATS[encoding & 0x0f]?.(cursor);
  if (value === undefined) return undefined;
  switch (encoding & 0x70) {
    case ABSOLUTE:
      return value;
    case TO_ITSELF:
      return here + value;
    case TO_DATA:
      return base + value;
    default:
      return undefined;
  }
}
