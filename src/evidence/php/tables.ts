import { readWord } from '../creators/trace/record.ts';
import type { Memory } from '../native/processMemory.ts';
import { isAddress, readWhole } from '../native/readWhole.ts';
import { BUCKET, TABLE } from './layout.ts';

/** Functions and classes that are looked at. */
const MOST_VALUES = 100_000;
const BLOCK = 512;
/** IS_UNDEF: the value was removed. */
const UNDEFINED = 0;

/** The pointers in a table of PHP, in its order; none for whatever is no table. */
export function valuesOf(memory: Memory, table: number): Generator<number> {
  return walk(memory, table, false);
}

/** The last one that was put in comes first. */
export function newestOf(memory: Memory, table: number): Generator<number> {
  return walk(memory, table, true);
}

function* walk(memory: Memory, table: number, isBackwards: boolean): Generator<number> {
  const head = readWhole(memory, table, TABLE.bytes);
  const [data, used] = head === undefined ? [0, 0] : [readWord(head, TABLE.data), head.readUInt32LE(TABLE.used)];
  if (used > MOST_VALUES || !isAddress(data)) return;
  for (let done = 0; done < used; done += BLOCK) {
    const count = Math.min(BLOCK, used - done);
    const first = isBackwards ? used - done - count : done;
    const block = readWhole(memory, data + first * BUCKET.bytes, count * BUCKET.bytes);
    if (block === undefined) return;
    for (let index = 0; index < count; index += 1) {
      const at = (isBackwards ? count - 1 - index : index) * BUCKET.bytes;
      const value = readWord(block, at + BUCKET.value);
      if (block[at + BUCKET.type] !== UNDEFINED && isAddress(value)) yield value;
    }
  }
}
