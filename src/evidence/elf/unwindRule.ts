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
