import { Cursor } from './bytes.ts';
import { CfiProgram, type Common } from './cfiProgram.ts';
import { type Elf, PT_GNU_EH_FRAME, readAt } from './elf.ts';
import { pointer } from './pointer.ts';
import { RA, type UnwindRule } from './unwindRule.ts';

const DATAREL_SDATA4 = 0x3b;
/** Far longer than any record that a compiler makes. */
const MOST_RECORD = 1 << 20;
const FIRST_READ = 512;

/**
 * The rule for an address (as the linker gave it), from `.eh_frame` through the search table of `.eh_frame_hdr` (Linux
 * Standard Base, exception frames). A few small reads: the tables of a browser engine are never loaded. `undefined`
 * where there is no rule or it is damaged.
 */
export function findUnwindRule(elf: Elf, address: number): UnwindRule | undefined {
  const header = elf.segments.find(({ type }) => type === PT_GNU_EH_FRAME);
  if (header === undefined) return undefined;
  const record = findRecord(elf, header.address, address);
  return record === undefined ? undefined : readRule(elf, record, address);
}

/** The address of the description of the function that begins last at or before `address`. */
function findRecord(elf: Elf, header: number, address: number): number | undefined {
  const head = readAt(elf, header, 20);
  if (head === undefined || head[0] !== 1 || head[3] !== DATAREL_SDATA4) return undefined;
  const cursor = new Cursor(head, 4);
  pointer(cursor, head[1] as number, header);
  const count = pointer(cursor, head[2] as number, header) ?? 0;
  if (cursor.isBroken) return undefined;
  const table = header + cursor.at;
  let low = 0;
  let high = count;
  let record: number | undefined;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const entry = readAt(elf, table + 8 * middle, 8);
    if (entry === undefined || entry.length < 8) return undefined;
    if (header + entry.readInt32LE(0) <= address) {
      record = header + entry.readInt32LE(4);
      low = middle + 1;
    } else high = middle;
  }
  return record;
}

/** A record of `.eh_frame` with its length in front. */
function readRecord(elf: Elf, address: number): { cursor: Cursor; start: number } | undefined {
  let bytes = readAt(elf, address, FIRST_READ);
  if (bytes === undefined || bytes.length < 8) return undefined;
  const length = bytes.readUInt32LE(0);
  // 0 ends the section; 0xffffffff announces 64-bit lengths, which nobody writes.
  if (length === 0 || length > MOST_RECORD) return undefined;
  if (length + 4 > bytes.length) bytes = readAt(elf, address, length + 4);
  if (bytes === undefined || bytes.length < length + 4) return undefined;
  return { cursor: new Cursor(bytes, 4, length + 4), start: address };
}

function readCommon(elf: Elf, address: number): Common | undefined {
  const record = readRecord(elf, address);
  if (record === undefined) return undefined;
  const { cursor } = record;
  if (cursor.u32() !== 0) return undefined;
  const version = cursor.u8();
  if (version !== 1 && version !== 3) return undefined;
  const augmentation = cursor.text();
  const codeAlign = cursor.uleb();
  const dataAlign = cursor.sleb();
  const returnRegister = version === 1 ? cursor.u8() : cursor.uleb();
  let encoding = 0;
  if (augmentation.startsWith('z')) {
    const length = cursor.uleb();
    const end = cursor.at + length;
    for (const letter of augmentation.slice(1)) {
      if (letter === 'R') encoding = cursor.u8();
      else if (letter === 'L') cursor.u8();
      else if (letter === 'P') pointer(cursor, cursor.u8(), 0);
      else if (letter !== 'S' && letter !== 'B') break;
    }
    cursor.at = end;
  }
  if (cursor.isBroken || cursor.at > cursor.end) return undefined;
  const isSignal = augmentation.includes('S');
  const hasAugmentation = augmentation.startsWith('z');
  return { codeAlign, dataAlign, returnRegister, encoding, hasAugmentation, isSignal, program: cursor, address };
}

function readRule(elf: Elf, address: number, pc: number): UnwindRule | undefined {
  const record = readRecord(elf, address);
  if (record === undefined) return undefined;
  const { cursor } = record;
  const idAt = address + cursor.at;
  const back = cursor.u32();
  if (back === 0) return undefined;
  const common = readCommon(elf, idAt - back);
  if (common === undefined) return undefined;
  const start = pointer(cursor, common.encoding, address);
  // The length has the format of the address, but is relative to nothing.
  const length = pointer(cursor, common.encoding & 0x0f, 0);
  // Where its exception handlers are described.
  if (common.hasAugmentation) cursor.skip(cursor.uleb());
  if (cursor.isBroken || start === undefined || length === undefined) return undefined;
  if (pc < start || pc >= start + length) return undefined;
  const state = new CfiProgram(common, start, pc);
  if (!state.run(common.program) || !state.runBody(cursor) || state.cfa === undefined) return undefined;
  return {
    functionStart: start,
    functionEnd: start + length,
    cfa: state.cfa,
    registers: [...state.registers],
    isBottom: state.registers.get(RA)?.kind === 'undefined',
    isSignal: common.isSignal,
  };
}
