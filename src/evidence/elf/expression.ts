import { Cursor } from './bytes.ts';

/** What a DWARF expression may look at. */
export interface Machine {
  register(number: number): number | undefined;
  /** Eight bytes of memory. */
  read(address: number): number | undefined;
}

const MOST_OPERATIONS = 1_000;

/**
 * A DWARF expression of call frame information (DWARF 4, section 2.5): the operations that linkers write for PLTs, the
 * kernel's ABI for signal frames and compilers for realigned stacks. `undefined` for any other one.
 */
export function evaluate(code: Buffer, machine: Machine, initial?: number): number | undefined {
  const cursor = new Cursor(code);
  const stack: number[] = initial === undefined ? [] : [initial];
  for (let count = 0; !cursor.isDone; count += 1) {
    if (count === MOST_OPERATIONS || !step(cursor, stack, machine)) return undefined;
  }
  return cursor.isBroken ? undefined : stack.pop();
}

/** False when the expression cannot be followed. */
function step(cursor: Cursor, stack: number[], machine: Machine): boolean {
  const op = cursor.u8();
  const push = (value: number | undefined): boolean => value !== undefined && stack.push(value) > 0;
  if (op >= 0x30 && op <= 0x4f) return push(op - 0x30);
  if (op >= 0x70 && op <= 0x8f) {
    const register = machine.register(op - 0x70);
    return push(register === undefined ? undefined : register + cursor.sleb());
  }
  switch (op) {
    case 0x06: {
      const address = stack.pop();
      return push(address === undefined ? undefined : machine.read(address));
    }
    case 0x08:
      return push(cursor.u8());
    case 0x09:
      return push(cursor.i8());
    case 0x0a:
      return push(cursor.u16());
    case 0x0c:
      return push(cursor.u32());
    case 0x0d:
      return push(cursor.i32());
    case 0x10:
      return push(cursor.uleb());
    case 0x11:
      return push(cursor.sleb());
    case 0x12:
      return push(stack.at(-1));
    case 0x23: {
      const value = stack.pop();
      return push(value === undefined ? undefined : value + cursor.uleb());
    }
    case 0x92: {
      const value = machine.register(cursor.uleb());
      return push(value === undefined ? undefined : value + cursor.sleb());
    }
    default:
      return binary(op, stack);
  }
}

function binary(op: number, stack: number[]): boolean {
  const right = stack.pop();
  const left = stack.pop();
  if (!Number.isSafeInteger(left) || !Number.isSafeInteger(right) || left === undefined || right === undefined)
    return false;
  switch (op) {
    case 0x1a:
      // The right side is a small mask, or one that clears low bits: -16.
      stack.push(right < 0 ? left - (left % -right) : Number(BigInt(left) & BigInt(right)));
      return true;
    case 0x1c:
      stack.push(left - right);
      return true;
    case 0x1e:
      stack.push(left * right);
      return true;
    case 0x22:
      stack.push(left + right);
      return true;
    case 0x24:
      stack.push(left * 2 ** right);
      return true;
    case 0x2a:
      stack.push(left >= right ? 1 : 0);
      return true;
    case 0x2b:
      stack.push(left > right ? 1 : 0);
      return true;
    default:
      return false;
  }
}
