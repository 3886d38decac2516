import { readWord } from '../creators/trace/record.ts';
import type { Memory } from '../native/processMemory.ts';
import { readWhole } from '../native/readWhole.ts';
import { CLASS } from './layout.ts';

const MOST_TEXT = 4_096;
/** `zend_string`: its length, then its text. */
const TEXT = { length: 16, start: 24 } as const;

/** The text of a `zend_string`; `undefined` for whatever is none. */
export function textAt(memory: Memory, address: number): string | undefined {
  const head = readWhole(memory, address, TEXT.start);
  const length = head === undefined ? 0 : readWord(head, TEXT.length);
  if (length === 0 || length > MOST_TEXT) return undefined;
  const bytes = memory.read(address + TEXT.start, length);
  return bytes?.length === length ? bytes.toString('utf8') : undefined;
}

/** The name of a class. */
export function classNameAt(memory: Memory, address: number): string | undefined {
  const bytes = readWhole(memory, address, CLASS.bytes);
  return bytes === undefined ? undefined : textAt(memory, readWord(bytes, CLASS.name));
}
