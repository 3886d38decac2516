import type { Cursor } from './bytes.ts';
import type { CfiState } from './cfiState.ts';
import { pointer } from './pointer.ts';

/** Carries out one instruction; false if it cannot be followed. Its operands are read from the cursor. */
type Instruction = (state: CfiState, cursor: Cursor) => boolean;

/** Instructions whose operand stands in the low six bits of their byte, by the two high bits. */
export const HIGH_INSTRUCTIONS: Readonly<
  Record<number, (state: CfiState, cursor: Cursor, operand: number) => boolean>
> = {
  // DW_CFA_advance_loc
  64: (state, _, operand) => state.advance(operand * state.common.codeAlign),
  // DW_CFA_offset
  128: (state, cursor, operand) =>
    state.set(operand, { kind: 'offset', offset: cursor.uleb() * state.common.dataAlign }),
  // DW_CFA_restore
  192: (state, _, operand) => state.restore(operand),
};

/** All others by their byte (DWARF 4, figure 40, and the extensions of GNU). */
export const CFI_INSTRUCTIONS: Readonly<Record<number, Instruction>> = {
  // DW_CFA_nop: padding.
  0: () => true,
  // DW_CFA_set_loc
  1: (state, cursor) => {
    const location = pointer(cursor, state.common.encoding, state.base);
    return location !== undefined && state.moveTo(location);
  },
  // DW_CFA_advance_loc1, 2 and 4
  2: (state, cursor) => state.advance(cursor.u8() * state.common.codeAlign),
  3: (state, cursor) => state.advance(cursor.u16() * state.common.codeAlign),
  4: (state, cursor) => state.advance(cursor.u32() * state.common.codeAlign),
  // DW_CFA_offset_extended
  5: (state, cursor) => {
    const register = cursor.uleb();
    return state.set(register, { kind: 'offset', offset: cursor.uleb() * state.common.dataAlign });
  },
  // DW_CFA_restore_extended
  6: (state, cursor) => state.restore(cursor.uleb()),
  // DW_CFA_undefined
  7: (state, cursor) => state.set(cursor.uleb(), { kind: 'undefined' }),
  // DW_CFA_same_value
  8: (state, cursor) => state.set(cursor.uleb(), { kind: 'same' }),
  // DW_CFA_register
  9: (state, cursor) => {
    const register = cursor.uleb();
    return state.set(register, { kind: 'register', register: cursor.uleb() });
  },
  // DW_CFA_remember_state and DW_CFA_restore_state
  10: (state) => state.remember(),
  11: (state) => state.recall(),
  // DW_CFA_def_cfa
  12: (state, cursor) => {
    const register = cursor.uleb();
    return state.setCfa({ kind: 'register', register, offset: cursor.uleb() });
  },
  // DW_CFA_def_cfa_register
  13: (state, cursor) => state.changeCfa({ register: cursor.uleb() }),
  // DW_CFA_def_cfa_offset
  14: (state, cursor) => state.changeCfa({ offset: cursor.uleb() }),
  // DW_CFA_def_cfa_expression
  15: (state, cursor) => state.setCfa({ kind: 'expression', code: block(cursor) }),
  // DW_CFA_expression
  16: (state, cursor) => {
    const register = cursor.uleb();
    return state.set(register, { kind: 'expression', code: block(cursor) });
  },
  // DW_CFA_offset_extended_sf
  17: (state, cursor) => {
    const register = cursor.uleb();
    return state.set(register, { kind: 'offset', offset: cursor.sleb() * state.common.dataAlign });
  },
  // DW_CFA_def_cfa_sf
  18: (state, cursor) => {
    const register = cursor.uleb();
    return state.setCfa({ kind: 'register', register, offset: cursor.sleb() * state.common.dataAlign });
  },
  // DW_CFA_def_cfa_offset_sf
  19: (state, cursor) => state.changeCfa({ offset: cursor.sleb() * state.common.dataAlign }),
  // DW_CFA_val_offset
  20: (state, cursor) => {
    const register = cursor.uleb();
    return state.set(register, { kind: 'valueOffset', offset: cursor.uleb() * state.common.dataAlign });
  },
  // DW_CFA_val_offset_sf
  21: (state, cursor) => {
    const register = cursor.uleb();
    return state.set(register, { kind: 'valueOffset', offset: cursor.sleb() * state.common.dataAlign });
  },
  // DW_CFA_val_expression
  22: (state, cursor) => {
    const register = cursor.uleb();
    return state.set(register, { kind: 'valueExpression', code: block(cursor) });
  },
  // DW_CFA_GNU_args_size: an unwinder needs nothing of it.
  46: (_, cursor) => cursor.uleb() >= 0,
  // DW_CFA_GNU_negative_offset_extended
  47: (state, cursor) => {
    const register = cursor.uleb();
    return state.set(register, { kind: 'offset', offset: -cursor.uleb() * state.common.dataAlign });
  },
};

/** Bytes with their length before them. */
function block(cursor: Cursor): Buffer {
  const length = cursor.uleb();
  const start = cursor.at;
  cursor.advance(length);
  return cursor.isBroken ? Buffer.alloc(0) : cursor.bytes.subarray(start, start + length);
}
