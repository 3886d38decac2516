import type { Cursor } from './bytes.ts';
import { pointer } from './pointer.ts';
import { type CfaRule, REGISTERS, type RegisterRule } from './unwindRule.ts';

const SAME: RegisterRule = { kind: 'same' };
const UNDEFINED: RegisterRule = { kind: 'undefined' };
const MOST_INSTRUCTIONS = 100_000;

/** What the functions of a compilation unit have in common (a CIE). */
export interface Common {
  readonly codeAlign: number;
  readonly dataAlign: number;
  readonly returnRegister: number;
  readonly encoding: number;
  readonly hasAugmentation: boolean;
  readonly isSignal: boolean;
  readonly program: Cursor;
  readonly address: number;
}

/** The call frame instructions (DWARF 4, section 6.4.2) up to one address. */
export class CfiProgram {
  readonly #common: Common;
  readonly #pc: number;
  #location: number;
  #initial = new Map<number, RegisterRule>();
  #stack: { cfa: CfaRule | undefined; registers: Map<number, RegisterRule> }[] = [];
  cfa: CfaRule | undefined;
  registers: Map<number, RegisterRule> = new Map();

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
