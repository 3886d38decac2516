import { Cursor } from './bytes.ts';
import { type Elf, PT_GNU_EH_FRAME, readAt } from './elf.ts';

/** Number of a register in x86-64 DWARF (System V ABI, figure 3.36). */
export const RBP = 6;
export const RSP = 7;
/** The return address column. */
export const RA = 16;
export const REGISTERS = 17;

/** How the value that a register had in the caller is found. */
export type RegisterRule =
  | { readonly kind: 'same' }
  /** Not to be found: for the return address, the end of the stack. */
  | { readonly kind: 'undefined' }
  /** In memory at CFA + offset. */
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'valueOffset'; readonly offset: number }
  | { readonly kind: 'register'; readonly register: number }
  /** In memory at what the expression gives. */
  | { readonly kind: 'expression'; readonly code: Buffer }
  | { readonly kind: 'valueExpression'; readonly code: Buffer };

/** The canonical frame address: the stack pointer before the call that made this frame. */
export type CfaRule =
  | { readonly kind: 'register'; readonly register: number; readonly offset: number }
  | { readonly kind: 'expression'; readonly code: Buffer };

/** How to get from one address of code to the caller. */
export interface UnwindRule {
  readonly functionStart: number;
  readonly functionEnd: number;
  readonly cfa: CfaRule;
  readonly registers: readonly (readonly [register: number, rule: RegisterRule])[];
  /** Nobody called this function: it is the bottom of a stack. */
  readonly isBottom: boolean;
  /** A frame that the kernel made for a signal: the address in it is not behind a call. */
  readonly isSignal: boolean;
}

const SAME: RegisterRule = { kind: 'same' };
const UNDEFINED: RegisterRule = { kind: 'undefined' };
const DATAREL_SDATA4 = 0x3b;
/** Far longer than any record that a compiler makes. */
const MOST_RECORD = 1 << 20;
const FIRST_READ = 512;
const MOST_INSTRUCTIONS = 100_000;

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

interface Common {
  readonly codeAlign: number;
  readonly dataAlign: number;
  readonly returnRegister: number;
  readonly encoding: number;
  readonly hasAugmentation: boolean;
  readonly isSignal: boolean;
  readonly program: Cursor;
  readonly address: number;
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
  if (common.hasAugmentation) cursor.skip(cursor.uleb());
  if (cursor.isBroken || start === undefined || length === undefined) return undefined;
  if (pc < start || pc >= start + length) return undefined;
  const state = new Program(common, start, pc);
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

/** The call frame instructions (DWARF 4, section 6.4.2) up to one address. */
class Program {
  readonly #common: Common;
  readonly #pc: number;
  #location: number;
  #initial = new Map<number, RegisterRule>();
  #stack: { cfa: CfaRule | undefined; registers: Map<number, RegisterRule> }[] = [];
  cfa: CfaRule | undefined;
  registers = new Map<number, RegisterRule>();

  constructor(common: Common, start: number, pc: number) {
    this.#common = common;
    this.#location = start;
    this.#pc = pc;
  }

  runBody(cursor: Cursor): boolean {
    this.#initial = new Map(this.registers);
    return this.run(cursor);
  }

  /** False when an instruction is not known or the bytes end in the middle of one. */
  run(cursor: Cursor): boolean {
    const { codeAlign, dataAlign } = this.#common;
    for (let count = 0; !cursor.isDone && count < MOST_INSTRUCTIONS; count += 1) {
      const byte = cursor.u8();
      const low = byte & 0x3f;
      switch (byte & 0xc0) {
        case 0x40:
          if (this.#advance(low * codeAlign)) return true;
          continue;
        case 0x80:
          this.#set(low, { kind: 'offset', offset: cursor.uleb() * dataAlign });
          continue;
        case 0xc0:
          this.#restore(low);
          continue;
      }
      switch (low) {
        case 0x00:
          break;
        case 0x01:
          this.#location = pointer(cursor, this.#common.encoding, this.#common.address) ?? this.#location;
          if (this.#location > this.#pc) return true;
          break;
        case 0x02:
          if (this.#advance(cursor.u8() * codeAlign)) return true;
          break;
        case 0x03:
          if (this.#advance(cursor.u16() * codeAlign)) return true;
          break;
        case 0x04:
          if (this.#advance(cursor.u32() * codeAlign)) return true;
          break;
        case 0x05: {
          const register = cursor.uleb();
          this.#set(register, { kind: 'offset', offset: cursor.uleb() * dataAlign });
          break;
        }
        case 0x06:
          this.#restore(cursor.uleb());
          break;
        case 0x07:
          this.#set(cursor.uleb(), UNDEFINED);
          break;
        case 0x08:
          this.#set(cursor.uleb(), SAME);
          break;
        case 0x09: {
          const register = cursor.uleb();
          this.#set(register, { kind: 'register', register: cursor.uleb() });
          break;
        }
        case 0x0a:
          this.#stack.push({ cfa: this.cfa, registers: new Map(this.registers) });
          break;
        case 0x0b: {
          const saved = this.#stack.pop();
          if (saved === undefined) return false;
          this.cfa = saved.cfa;
          this.registers = saved.registers;
          break;
        }
        case 0x0c: {
          const register = cursor.uleb();
          this.cfa = { kind: 'register', register, offset: cursor.uleb() };
          break;
        }
        case 0x0d:
          if (this.cfa?.kind !== 'register') return false;
          this.cfa = { ...this.cfa, register: cursor.uleb() };
          break;
        case 0x0e:
          if (this.cfa?.kind !== 'register') return false;
          this.cfa = { ...this.cfa, offset: cursor.uleb() };
          break;
        case 0x0f:
          this.cfa = { kind: 'expression', code: block(cursor) };
          break;
        case 0x10: {
          const register = cursor.uleb();
          this.#set(register, { kind: 'expression', code: block(cursor) });
          break;
        }
        case 0x11: {
          const register = cursor.uleb();
          this.#set(register, { kind: 'offset', offset: cursor.sleb() * dataAlign });
          break;
        }
        case 0x12: {
          const register = cursor.uleb();
          this.cfa = { kind: 'register', register, offset: cursor.sleb() * dataAlign };
          break;
        }
        case 0x13:
          if (this.cfa?.kind !== 'register') return false;
          this.cfa = { ...this.cfa, offset: cursor.sleb() * dataAlign };
          break;
        case 0x14: {
          const register = cursor.uleb();
          this.#set(register, { kind: 'valueOffset', offset: cursor.uleb() * dataAlign });
          break;
        }
        case 0x15: {
          const register = cursor.uleb();
          this.#set(register, { kind: 'valueOffset', offset: cursor.sleb() * dataAlign });
          break;
        }
        case 0x16: {
          const register = cursor.uleb();
          this.#set(register, { kind: 'valueExpression', code: block(cursor) });
          break;
        }
        case 0x2e:
          cursor.uleb(); // DW_CFA_GNU_args_size: of no interest to an unwinder.
          break;
        case 0x2f: {
          const register = cursor.uleb();
          this.#set(register, { kind: 'offset', offset: -cursor.uleb() * dataAlign });
          break;
        }
        default:
          return false;
      }
    }
    return !cursor.isBroken;
  }

  #advance(by: number): boolean {
    this.#location += by;
    return this.#location > this.#pc;
  }

  #set(register: number, rule: RegisterRule): void {
    if (register < REGISTERS) this.registers.set(register, rule);
  }

  #restore(register: number): void {
    const rule = this.#initial.get(register);
    if (rule === undefined) this.registers.delete(register);
    else this.registers.set(register, rule);
  }
}

function block(cursor: Cursor): Buffer {
  const length = cursor.uleb();
  const start = cursor.at;
  cursor.skip(length);
  return cursor.isBroken ? Buffer.alloc(0) : cursor.bytes.subarray(start, start + length);
}

/** A pointer in one of the encodings of the LSB; `base` is the address of byte 0 of the cursor, or of the table. */
function pointer(cursor: Cursor, encoding: number, base: number): number | undefined {
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
