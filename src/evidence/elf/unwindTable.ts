import { Cursor } from './bytes.ts';
import { runProgram } from './cfiProgram.ts';
import { readCommon, readRecord } from './cfiRecords.ts';
import { CfiState } from './cfiState.ts';
import { type Elf, PT_GNU_EH_FRAME, readAt } from './elf.ts';
import { findInFrames } from './frameIndex.ts';
import { pointer } from './pointer.ts';
import { RA, type UnwindRule } from './unwindRule.ts';

/** A signed number of four bytes, relative to the table: what every linker writes into the search table. */
const DATAREL_SDATA4 = 0x3b;

/**
 * The rule for an address (as the linker gave it), from `.eh_frame` through the search table of `.eh_frame_hdr` (Linux
 * Standard Base, exception frames). It makes a few small reads: the tables of a browser engine are never loaded whole.
 * A static program has no such table: its records are listed once. `undefined` if there is no rule, or it is damaged.
 */
export function findUnwindRule(elf: Elf, address: number): UnwindRule | undefined {
  const header = elf.segments.find(({ type }) => type === PT_GNU_EH_FRAME);
  const record = header === undefined ? findInFrames(elf, address) : findRecord(elf, header.address, address);
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
