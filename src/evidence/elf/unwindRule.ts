/** Numbers of registers in x86-64 DWARF (System V ABI, figure 3.36). */
export const RBP = 6;
export const RSP = 7;
/** The column of the return address. */
export const RA = 16;
/** Rules are kept for the registers below this number. */
export const REGISTERS = 17;

/** How the value that a register had in the caller is found. */
export type RegisterRule =
  /** It has not changed. */
  | { readonly kind: 'same' }
  /** It cannot be found. For the return address that is the end of the stack. */
  | { readonly kind: 'undefined' }
  /** In memory, at the frame address plus the offset. */
  | { readonly kind: 'offset'; readonly offset: number }
  /** The frame address plus the offset itself. */
  | { readonly kind: 'valueOffset'; readonly offset: number }
  /** In another register. */
  | { readonly kind: 'register'; readonly register: number }
  /** In memory, at what the expression gives. */
  | { readonly kind: 'expression'; readonly code: Buffer }
  /** What the expression gives itself. */
  | { readonly kind: 'valueExpression'; readonly code: Buffer };

/** The canonical frame address: the stack pointer before the call that made this frame. */
export type CfaRule =
  | { readonly kind: 'register'; readonly register: number; readonly offset: number }
  | { readonly kind: 'expression'; readonly code: Buffer };

/** How to get from one address of code to the caller. */
export interface UnwindRule {
  readonly functionStart: number;
  /** The first address behind the function. */
  readonly functionEnd: number;
  readonly cfa: CfaRule;
  readonly registers: readonly (readonly [register: number, rule: RegisterRule])[];
  /** Nobody called this function: it is the bottom of a stack. */
  readonly isBottom: boolean;
  /** A frame that the kernel made for a signal: the address in it does not stand behind a call. */
  readonly isSignal: boolean;
}
