import type { Cursor } from './bytes.ts';
import { CFI_INSTRUCTIONS, HIGH_INSTRUCTIONS } from './cfiInstructions.ts';
import type { CfiState } from './cfiState.ts';
import { NO_LIMITS, type ReadLimits } from './readLimits.ts';

const MOST_INSTRUCTIONS = 100_000;
/** How often the clock is looked at: some 50 µs apart. No compiler writes as many for one function. */
const INSTRUCTIONS_A_LOOK = 1_024;
const HIGH_BITS = 0xc0;

/**
 * Runs call frame instructions (DWARF 4, section 6.4.2) until they are past the wanted address. False if an instruction
 * is not known, makes no sense, the bytes end in the middle of it, or the time is up.
 */
export function runProgram(state: CfiState, cursor: Cursor, limits: ReadLimits = NO_LIMITS): boolean {
  for (let count = 0; !cursor.isDone; count += 1) {
    if (count === MOST_INSTRUCTIONS) return false;
    if (count % INSTRUCTIONS_A_LOOK === INSTRUCTIONS_A_LOOK - 1 && limits.isOver()) return false;
    const byte = cursor.u8();
    const high = HIGH_INSTRUCTIONS[byte & HIGH_BITS];
    const isDone =
      high === undefined ? CFI_INSTRUCTIONS[byte]?.(state, cursor) : high(state, cursor, byte & ~HIGH_BITS);
    if (isDone !== true) return false;
    if (state.isPast) return true;
  }
  return !cursor.isBroken;
}
