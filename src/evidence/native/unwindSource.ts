import type { UnwindRule } from '../elf/unwindRule.ts';
import type { UnruledCode } from './unruled.ts';

/** What an unwinder asks of a process. Addresses are those of the process. */
export interface UnwindSource {
  /** How to get from an address of code to its caller; `undefined` if nothing describes the code. */
  ruleAt(pc: number): UnwindRule | undefined;
  /** The code at an address that has no rule but is of a file; `undefined` for code that was made at run time. */
  unruledAt?(pc: number, isReturn: boolean): UnruledCode | undefined;
  isCode(address: number): boolean;
  /** Whether the code before a return address calls `target`; `'maybe'` for a call through a register or a stub. */
  callsBefore(returnAddress: number, target: number): 'yes' | 'maybe' | 'no';
  /** Eight bytes of memory; `undefined` where nothing is mapped. */
  readWord(address: number): number | undefined;
  /** The time is up: a stack that is being followed is left where it is. */
  isOver?(): boolean;
}
