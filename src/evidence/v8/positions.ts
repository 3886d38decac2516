import { Cursor } from '../elf/bytes.ts';

const MOST_ENTRIES = 1 << 17;
/** A position has the offset in its script, plus 1, in 30 bits above the lowest one (V8's src/codegen/source-position.h). */
const OFFSETS = 2 ** 30;

/**
 * Where in its script an instruction of the interpreter comes from, by the table of its function (V8's
 * src/codegen/source-position-table.cc): pairs of differences, the first of them below 0 for an expression. `undefined` if
 * the table says nothing, or is damaged.
 */
export function positionOf(table: Buffer, offset: number): number | undefined {
  const cursor = new Cursor(table);
  let at = 0;
  let position = 0;
  let found: number | undefined;
  for (let count = 0; count < MOST_ENTRIES && !cursor.isDone; count += 1) {
    const step = signed(cursor);
    at += step < 0 ? -(step + 1) : step;
    position += signed(cursor);
    if (cursor.isBroken) return undefined;
    if (at > offset) break;
    found = position;
  }
  if (found === undefined || found < 0) return undefined;
  const inScript = (Math.floor(found / 2) % OFFSETS) - 1;
  return inScript < 0 ? undefined : inScript;
}

/** Numbers below 0 take turns with the others: 0, -1, 1, -2. */
function signed(cursor: Cursor): number {
  const value = cursor.uleb();
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

/** What is needed to go through the instructions of a function. */
export interface Bytecodes {
  readonly code: Buffer;
  /** Sizes for each scale of operands in turn: 1, 2 and 4 bytes. */
  readonly sizes: Buffer;
}

const WIDE = 0;
const EXTRA_WIDE = 1;

/**
 * The instruction that machine code of the baseline compiler is in. Its table has the length of the machine code of each
 * instruction in turn, that of the prologue first (V8's src/baseline/bytecode-offset-iterator.h). `pc` is a return address,
 * from the start of the machine code.
 */
export function bytecodeOffsetAt(pc: number, table: Buffer, bytecodes: Bytecodes): number | undefined {
  const cursor = new Cursor(table);
  let end = cursor.uleb();
  let next = 0;
  let offset = -1;
  // Each instruction has a byte at least.
  for (let count = 0; count <= bytecodes.code.length && !cursor.isBroken; count += 1) {
    if (pc <= end) return offset < 0 ? undefined : offset;
    offset = next;
    const size = sizeAt(next, bytecodes);
    if (size === undefined) return undefined;
    next += size;
    end += cursor.uleb();
  }
  return undefined;
}

function sizeAt(offset: number, { code, sizes }: Bytecodes): number | undefined {
  const count = sizes.length / 3;
  const first = code[offset];
  const scale = first === WIDE ? 1 : first === EXTRA_WIDE ? 2 : 0;
  const bytecode = scale === 0 ? first : code[offset + 1];
  if (bytecode === undefined || bytecode >= count) return undefined;
  const size = sizes[scale * count + bytecode];
  return size === undefined || size === 0 ? undefined : size + (scale === 0 ? 0 : 1);
}
