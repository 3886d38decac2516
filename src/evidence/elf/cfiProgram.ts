import type { Cursor } from './bytes.ts';
import { CFI_INSTRUCTIONS, HIGH_INSTRUCTIONS } from './cfiInstructions.ts';
import type { CfiState } from './cfiState.ts';

const MOST_INSTRUCTIONS = 100_000;
const HIGH_BITS = 0xc0;

/**
 * Runs call frame instructions (DWARF 4, section 6.4.2) until they are past the wanted address. False if an instruction
 * is not known, makes no sense, or the bytes end in the middle of it.
 */
export function runProgram(state: CfiState, cursor: Cursor): boolean {
  for (let count = 0; !cursor.isDone; count += 1) {
    if (count === MOST_INSTRUCTIONS) return false;
    const byte = cursor.u8();
    const high = HIGH_INSTRUCTIONS[byte & HIGH_BITS];
    const isDone =
      high === undefined ? CFI_INSTRUCTIONS[byte]?.(state, cursor) : high(state, cursor, byte & ~HIGH_BITS);
    if (isDone !== true) return false;
    if (state.isPast) return true;
  }
  return !cursor.isBroken;
}
