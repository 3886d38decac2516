import { Cursor } from './bytes.ts';
import { runProgram } from './cfiProgram.ts';
import { CfiState, type Common } from './cfiState.ts';
import { type Elf, PT_GNU_EH_FRAME, readAt } from './elf.ts';
import { pointer } from './pointer.ts';
import { RA, type UnwindRule } from './unwindRule.ts';

/** A signed number of four bytes, relative to the table: what every linker writes into the search table. */
const DATAREL_SDATA4 = 0x3b;
/** Far longer than any record that a compiler makes. */
const MOST_RECORD = 1 << 20;
const FIRST_READ = 512;

/**
 * The rule for an address (as the linker gave it), from `.eh_frame` through the search table of `.eh_frame_hdr` (Linux
 * Standard Base, exception frames). It makes a few small reads: the tables of a browser engine are never loaded whole.
 * `undefined` if there is no rule, or it is damaged.
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

/** A record of `.eh_frame`: its length, then what it says. */
function readRecord(elf: Elf, address: number): Cursor | undefined {
  let bytes = readAt(elf, address, FIRST_READ);
  if (bytes === undefined || bytes.length < 8) return undefined;
  const length = bytes.readUInt32LE(0);
  // 0 ends the section; 0xffffffff announces a length of 64 bits, which nobody writes.
  if (length === 0 || length > MOST_RECORD) return undefined;
  if (length + 4 > bytes.length) bytes = readAt(elf, address, length + 4);
  if (bytes === undefined || bytes.length < length + 4) return undefined;
  return new Cursor(bytes, 4, length + 4);
}

function readCommon(elf: Elf, address: number): Common | undefined {
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

function readRule(elf: Elf, address: number, pc: number): UnwindRule | undefined {
  const cursor = readRecord(elf, address);
  if (cursor === undefined) return undefined;
  const idAt = address + cursor.at;
  const back = cursor.u32();
  if (back === 0) return undefined;
  const common = readCommon(elf, idAt - back);
  if (common === undefined) return undefined;
  const start = pointer(cursor, common.encoding, address);
  // The length has the format of the address, but is relative to nothing.
  const length = pointer(cursor, common.encoding & 0x0f, 0);
  // Where its exception handlers are described.
  if (common.hasAugmentation) cursor.advance(cursor.uleb());
  if (cursor.isBroken || start === undefined || length === undefined) return undefined;
  if (pc < start || pc >= start + length) return undefined;
  const state = new CfiState(common, start, pc);
  const { limits } = elf.source;
  if (!runProgram(state, common.program, limits)) return undefined;
  state.begin(address);
  if (!runProgram(state, cursor, limits) || state.cfa === undefined) return undefined;
  return {
    functionStart: start,
    functionEnd: start + length,
    cfa: state.cfa,
    registers: [...state.registers],
    isBottom: state.registers.get(RA)?.kind === 'undefined',
    isSignal: common.isSignal,
  };
}
