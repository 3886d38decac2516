import { Cursor } from './bytes.ts';
import type { Common } from './cfiState.ts';
import { type Elf, readAt } from './elf.ts';
import { pointer } from './pointer.ts';

/** Far longer than any record that a compiler makes. */
export const MOST_RECORD: number = 1 << 20;
const FIRST_READ = 512;

/** A record of `.eh_frame`: its length, then what it says. */
export function readRecord(elf: Elf, address: number): Cursor | undefined {
  let bytes = readAt(elf, address, FIRST_READ);
  if (bytes === undefined || bytes.length < 8) return undefined;
  const length = bytes.readUInt32LE(0);
  // 0 ends the section; 0xffffffff announces a length of 64 bits, which nobody writes.
  if (length === 0 || length > MOST_RECORD) return undefined;
  if (length + 4 > bytes.length) bytes = readAt(elf, address, length + 4);
  if (bytes === undefined || bytes.length < length + 4) return undefined;
  return new Cursor(bytes, 4, length + 4);
}

/** What the functions of a unit have in common. */
export function readCommon(elf: Elf, address: number): Common | undefined {
  const cursor = readRecord(elf, address);
  if (cursor === undefined || cursor.u32() !== 0) return undefined;
  const version = cursor.u8();
  if (version !== 1 && version !== 3) return undefined;
  const augmentation = cursor.text();
  const codeAlign = cursor.uleb();
  const dataAlign = cursor.sleb();
  const returnRegister = version === 1 ? cursor.u8() : cursor.uleb();
  const encoding = readAugmentation(cursor, augmentation);
  if (cursor.isBroken) return undefined;
  return {
    codeAlign,
    dataAlign,
    returnRegister,
    encoding,
    hasAugmentation: augmentation.startsWith('z'),
    isSignal: augmentation.includes('S'),
    program: cursor,
    address,
  };
}

/** How pointers are encoded, by the letters of the augmentation: `zR`, `zPLR`, `zRS`. Leaves the cursor behind its data. */
function readAugmentation(cursor: Cursor, augmentation: string): number {
  let encoding = 0;
  if (!augmentation.startsWith('z')) return encoding;
  const length = cursor.uleb();
  const data = new Cursor(cursor.bytes, cursor.at, cursor.at + length);
  for (const letter of augmentation.slice(1)) {
    if (letter === 'R') encoding = data.u8();
    else if (letter === 'L') data.u8();
    else if (letter === 'P') pointer(data, data.u8(), 0);
    else if (letter !== 'S' && letter !== 'B') break;
  }
  cursor.advance(length);
  return encoding;
}
