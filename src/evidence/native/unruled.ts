import { CALL_BYTES, calledBefore } from './callSite.ts';
import { START_BYTES } from './frameNames.ts';
import type { Module } from './modules.ts';
import type { Memory } from './processMemory.ts';
import { remembered } from './remembered.ts';

/** Code of a file that no unwind rule describes: the C library of musl has none, and assembly often has none either. */
export interface UnruledCode {
  /** Nobody called it: a program, or a thread of musl, begins there. */
  readonly isBottom: boolean;
  /**
   * Whether the code before a return address calls this function: `'maybe'` for a call through a register or a stub, and
   * for one to code a little before it where no symbol tells where it begins.
   */
  callsBefore(returnAddress: number): 'yes' | 'maybe' | 'no';
  /** Whether a program or a thread begins at this return address. */
  isBottomAt(returnAddress: number): boolean;
}

/** No function of musl is longer. */
const MOST_FUNCTION = 4_096;
const EXIT_BYTES = 8;
const JUMP_BYTES = 5;
const JUMP_REL32 = 0xe9;
/** A function that sets a register or two, then jumps to another one. */
const SHORT_FUNCTION = 32;
/** Functions that do nothing but jump to another one: so many in a row. */
const MOST_JUMPS = 3;
/** `mov %eax,%edi; xor %eax,%eax; mov $60,%al; syscall`: what the thread function of musl returns to (src/thread/x86_64/clone.s). */
const EXIT = '89c731c0b03c0f05';
/** `jmp *…(%rip)`, with or without `endbr64` and `bnd`: a stub of the procedure linkage table. */
const STUB = /^(f30f1efa)?(f2)?ff25/;
const STUB_BYTES = 7;

const NO_CODE = Buffer.alloc(0);

interface Surroundings {
  readonly module: Module;
  readonly memory: Memory;
  readonly isBottomAt: (returnAddress: number) => boolean;
}

/** `pc` is where a thread stands, or where a call returns to. */
export function unruledCode(pc: number, isReturn: boolean, { isBottomAt, memory, module }: Surroundings): UnruledCode {
  const { bias, symbols } = module;
  const inside = isReturn ? pc - 1 : pc;
  const symbol = symbols().find(inside - bias);
  const start = symbol === undefined ? undefined : symbol.start + bias;
  const isNear = (at: number): boolean => at <= inside && inside - at < MOST_FUNCTION;
  const isHere = (target: number): 'yes' | 'maybe' | 'no' => {
    let at = target;
    for (let step = 0; step <= MOST_JUMPS; step += 1) {
      if (start !== undefined && at === start) return 'yes';
      if (start === undefined && isNear(at)) return 'maybe';
      const code = memory.read(at, SHORT_FUNCTION) ?? NO_CODE;
      if (jumps(code, (distance) => (start === undefined ? isNear(at + distance) : at + distance === start))) {
        return start === undefined ? 'maybe' : 'yes';
      }
      if (code.length < JUMP_BYTES || code[0] !== JUMP_REL32) break;
      at += JUMP_BYTES + code.readInt32LE(1);
    }
    return STUB.test(hexAt(memory, target, STUB_BYTES)) ? 'maybe' : 'no';
  };
  return {
    isBottom: isReturn && isBottomAt(pc),
    isBottomAt,
    callsBefore: remembered((back) => {
      const target = calledBefore(memory.read(back - CALL_BYTES, CALL_BYTES), back);
      return typeof target === 'number' ? isHere(target) : target;
    }),
  };
}

/** Whether a program or a thread begins with the call before a return address in this module. */
export function beginsAt(back: number, module: Module | undefined, memory: Memory): boolean {
  if (module === undefined) return false;
  const { entry } = module.elf;
  const within = back - module.bias - entry;
  return (entry !== 0 && within > 0 && within <= START_BYTES) || hexAt(memory, back, EXIT_BYTES) === EXIT;
}

function hexAt(memory: Memory, address: number, length: number): string {
  return memory.read(address, length)?.toString('hex') ?? '';
}

/** Whether a jump in this code leads to a wanted place; distances are from its first byte. */
function jumps(code: Buffer, isWanted: (distance: number) => boolean): boolean {
  let at = code.indexOf(JUMP_REL32);
  while (at >= 0 && at + JUMP_BYTES <= code.length) {
    if (isWanted(at + JUMP_BYTES + code.readInt32LE(at + 1))) return true;
    at = code.indexOf(JUMP_REL32, at + 1);
  }
  return false;
}
