import type { Cursor } from './bytes.ts';

/** A pointer in one of the encodings of the LSB; `base` is the address of byte 0 of the cursor, or of the table. */
export function pointer(cursor: Cursor, encoding: number, base: number): number | undefined {
  if (encoding === 0xff) return undefined;
  const from = encoding & 0x70;
  const here = base + cursor.at;
  let value: number;
  switch (encoding & 0x0f) {
    case 0x00:
    case 0x04:
      value = cursor.u64();
      break;
    case 0x0c:
      value = cursor.i64();
      break;
    case 0x01:
      value = cursor.uleb();
      break;
    case 0x09:
      value = cursor.sleb();
      break;
    case 0x02:
      value = cursor.u16();
      break;
    case 0x0a:
      value = (cursor.u16() << 16) >> 16;
      break;
    case 0x03:
      value = cursor.u32();
      break;
    case 0x0b:
      value = cursor.i32();
      break;
    default:
      return undefined;
  }
  if (from === 0x10) return here + value;
  if (from === 0x30) return base + value;
  return from === 0 ? value : undefined;
}
