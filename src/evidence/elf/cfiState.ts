import type { Cursor } from './bytes.ts';
import { type CfaRule, REGISTERS, type RegisterRule } from './unwindRule.ts';

/** The deepest nest of remembered states; compilers write one. */
const MOST_REMEMBERED = 1_000;

/** What the functions of a compilation unit have in common (a CIE of `.eh_frame`). */
export interface Common {
  readonly codeAlign: number;
  readonly dataAlign: number;
  readonly returnRegister: number;
  /** How pointers of its functions are encoded. */
  readonly encoding: number;
  readonly hasAugmentation: boolean;
  readonly isSignal: boolean;
  /** Instructions that hold for all of its functions. */
  readonly program: Cursor;
  /** The address of the record. */
  readonly address: number;
}

/**
 * What call frame instructions change: the rules that hold at one place of the code, and that place. Each change says
 * whether it could be made.
 */
export class CfiState {
  readonly common: Common;
  readonly #pc: number;
  #location: number;
  #initial = new Map<number, RegisterRule>();
  #remembered: { cfa: CfaRule | undefined; registers: Map<number, RegisterRule> }[] = [];
  cfa: CfaRule | undefined;
  registers: Map<number, RegisterRule> = new Map();
  /** The address of the record whose instructions are run. */
  base: number;

  /** Rules are wanted for `pc`, in a function that begins at `start`. */
  constructor(common: Common, start: number, pc: number) {
    this.common = common;
    this.base = common.address;
    this.#location = start;
    this.#pc = pc;
  }

  /** What follows holds for code behind the wanted address. */
  get isPast(): boolean {
    return this.#location > this.#pc;
  }

  /**
   * The instructions of the unit are done, those of the function begin; `base` is the address of its record. The rules of
   * now are those that `restore` goes back to.
   */
  begin(base: number): void {
    this.base = base;
    this.#initial = new Map(this.registers);
  }

  advance(by: number): true {
    return this.moveTo(this.#location + by);
  }

  moveTo(location: number): true {
    this.#location = location;
    return true;
  }

  set(register: number, rule: RegisterRule): true {
    // Vector registers and the like are of no interest.
    if (register < REGISTERS) this.registers.set(register, rule);
    return true;
  }

  restore(register: number): true {
    const rule = this.#initial.get(register);
    if (rule === undefined) this.registers.delete(register);
    else this.registers.set(register, rule);
    return true;
  }

  remember(): boolean {
    if (this.#remembered.length === MOST_REMEMBERED) return false;
    this.#remembered.push({ cfa: this.cfa, registers: new Map(this.registers) });
    return true;
  }

  /** False if nothing was remembered. */
  recall(): boolean {
    const saved = this.#remembered.pop();
    if (saved === undefined) return false;
    this.cfa = saved.cfa;
    this.registers = saved.registers;
    return true;
  }

  setCfa(rule: CfaRule): true {
    this.cfa = rule;
    return true;
  }

  /** Changes a part of the rule; false if the frame address does not come from a register. */
  changeCfa(change: { readonly register: number } | { readonly offset: number }): boolean {
    if (this.cfa?.kind !== 'register') return false;
    this.cfa = { ...this.cfa, ...change };
    return true;
  }
}
