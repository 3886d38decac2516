import { Cursor } from './bytes.ts';

/** What a DWARF expression may look at. */
export interface Machine {
  register(number: number): number | undefined;
  /** Eight bytes of memory. */
  read(address: number): number | undefined;
}

const MOST_OPERATIONS = 1_000;

/**
 * A DWARF expression of call frame information (DWARF 4, section 2.5). It knows the operations that linkers write for
 * PLTs, the ABI of the kernel for signal frames, and compilers for realigned stacks. `initial` is what lies on the stack
 * at the start. `undefined` for any other operation, for values that cannot be read, and for damaged code.
 */
export function evaluate(code: Buffer, machine: Machine, initial?: number): number | undefined {
  const cursor = new Cursor(code);
  const stack: number[] = initial === undefined ? [] : [initial];
  for (let count = 0; !cursor.isDone; count += 1) {
    if (count === MOST_OPERATIONS || !step(cursor, stack, machine)) return undefined;
  }
  return cursor.isBroken ? undefined : stack.pop();
}

/** Operations that put one value on the stack; `undefined` if it is not known. */
const PUSHES: Readonly<Record<number, (cursor: Cursor, stack: number[], machine: Machine) => number | undefined>> = {
  // DW_OP_deref
  6: (_, stack, machine) => {
    const address = stack.pop();
    return address === undefined ? undefined : machine.read(address);
  },
  // DW_OP_const1u, 1s, 2u, 4u, 4s, constu, consts
  8: (cursor) => cursor.u8(),
  9: (cursor) => cursor.i8(),
  10: (cursor) => cursor.u16(),
  12: (cursor) => cursor.u32(),
  13: (cursor) => cursor.i32(),
  16: (cursor) => cursor.uleb(),
  17: (cursor) => cursor.sleb(),
  // DW_OP_dup
  18: (_, stack) => stack.at(-1),
  // DW_OP_plus_uconst
  35: (cursor, stack) => sum(stack.pop(), cursor.uleb()),
  // DW_OP_bregx
  146: (cursor, _, machine) => {
    const register = machine.register(cursor.uleb());
    return sum(register, cursor.sleb());
  },
};

/** Operations on the two values on top of the stack, the upper one on the right; `undefined` if they have no answer. */
const BINARY: Readonly<Record<number, (left: number, right: number) => number>> = {
  // DW_OP_and. The right side is a small mask, or one that clears low bits: -16.
  26: (left, right) => (right < 0 ? left - (left % -right) : Number(BigInt(left) & BigInt(right))),
  // DW_OP_minus, mul, plus, shl
  28: (left, right) => left - right,
  30: (left, right) => left * right,
  34: (left, right) => left + right,
  36: (left, right) => left * 2 ** right,
  // DW_OP_ge, gt
  42: (left, right) => (left >= right ? 1 : 0),
  43: (left, right) => (left > right ? 1 : 0),
};

const LITERAL_0 = 0x30;
const LITERAL_31 = 0x4f;
const BASE_REGISTER_0 = 0x70;
const BASE_REGISTER_31 = 0x8f;

/** False if the expression cannot be followed. */
function step(cursor: Cursor, stack: number[], machine: Machine): boolean {
  const op = cursor.u8();
  if (op >= LITERAL_0 && op <= LITERAL_31) return push(stack, op - LITERAL_0);
  if (op >= BASE_REGISTER_0 && op <= BASE_REGISTER_31) {
    return push(stack, sum(machine.register(op - BASE_REGISTER_0), cursor.sleb()));
  }
  const pushes = PUSHES[op];
  if (pushes !== undefined) return push(stack, pushes(cursor, stack, machine));
  const right = stack.pop();
  const left = stack.pop();
  // Beyond 2⁵³ nothing is exact, and no address is that large.
  if (left === undefined || right === undefined || !Number.isSafeInteger(left) || !Number.isSafeInteger(right)) {
    return false;
  }
  return push(stack, BINARY[op]?.(left, right));
}

function push(stack: number[], value: number | undefined): boolean {
  return value !== undefined && stack.push(value) > 0;
}

function sum(left: number | undefined, right: number): number | undefined {
  return left === undefined ? undefined : left + right;
}
