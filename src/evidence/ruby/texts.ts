import { readWord } from '../creators/trace/record.ts';
import type { Memory } from '../native/processMemory.ts';
import { readWhole } from '../native/readWhole.ts';
import type { RubyLayout } from './layout.ts';

/** The low five bits of the flags of an object are its type (include/ruby/internal/value_type.h). */
const TYPE = 0x1f;
const T_STRING = 5;
const T_ARRAY = 7;
/** RSTRING_NOEMBED and RARRAY_EMBED_FLAG are one bit: FL_USER1. */
const USER_1 = 1 << 13;
const OBJECT_BYTES = 40;
const MOST_TEXT = 4096;

/** The text of a String of Ruby; `undefined` for whatever is none. */
export function textAt(memory: Memory, { isCountedText }: RubyLayout, address: number): string | undefined {
  const object = readWhole(memory, address, OBJECT_BYTES);
  const flags = object?.readUInt32LE(0) ?? 0;
  if (object === undefined || (flags & TYPE) !== T_STRING) return undefined;
  const isOutside = (flags & USER_1) !== 0;
  // Until 3.1 the length of a short text lies in five bits of its flags.
  const length = isOutside || isCountedText ? readWord(object, 16) : (flags >> 14) & 0x1f;
  if (length === 0 || length > MOST_TEXT) return undefined;
  const start = isOutside ? readWord(object, 24) : address + (isCountedText ? 24 : 16);
  const bytes = start < 4096 ? undefined : memory.read(start, length);
  return bytes?.length === length ? bytes.toString('utf8') : undefined;
}

/** The path of a file: a String, or an Array that begins with one (`pathobj` in vm_core.h). */
export function pathAt(memory: Memory, layout: RubyLayout, address: number): string | undefined {
  const object = readWhole(memory, address, OBJECT_BYTES);
  const flags = object?.readUInt32LE(0) ?? 0;
  if (object === undefined || (flags & TYPE) !== T_ARRAY) return textAt(memory, layout, address);
  if ((flags & USER_1) !== 0) return textAt(memory, layout, readWord(object, 16));
  const first = readWhole(memory, readWord(object, 32), 8);
  return first === undefined ? undefined : textAt(memory, layout, readWord(first, 0));
}
