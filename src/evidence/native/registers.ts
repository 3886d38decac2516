import { RA, RBP, REGISTERS, RSP } from '../elf/unwindRule.ts';

/** Registers of one frame by their DWARF numbers. NaN is a register that is not known. */
export type Registers = Float64Array;

/** The two registers that the kernel shows of a thread. */
export function registersOf({ pc, sp }: { readonly pc: number; readonly sp: number }): Registers {
  const registers = new Float64Array(REGISTERS).fill(Number.NaN);
  registers[RSP] = sp;
  registers[RA] = pc;
  return registers;
}

/** A copy with other values; the frame pointer stays as it is unless it is given. */
export function withPlace(
  registers: Registers,
  { bp, pc, sp }: { readonly sp: number; readonly pc: number; readonly bp?: number },
): Registers {
  const next = registers.slice();
  next[RSP] = sp;
  next[RA] = pc;
  if (bp !== undefined) next[RBP] = bp;
  return next;
}

/** The value of a register; `undefined` if it is not known. */
export function knownValue(registers: Registers, number: number): number | undefined {
  const value = registers[number] ?? Number.NaN;
  return Number.isNaN(value) ? undefined : value;
}
