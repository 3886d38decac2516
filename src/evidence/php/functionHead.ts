import { readWord } from '../creators/trace/record.ts';
import type { Memory } from '../native/processMemory.ts';
import { isAddress, readWhole } from '../native/readWhole.ts';
import { FUNCTION, KIND, OP, type PhpLayout } from './layout.ts';

const MOST_OPS = 1_000_000;
const MOST_CLOSURES = 4_096;

/** A function of a program, as `zend_op_array` has it. */
export interface FunctionHead {
  readonly address: number;
  /** Its instructions. Those of a trait are shared by all classes that use it. */
  readonly start: number;
  readonly end: number;
  readonly firstLine: number;
  readonly lastLine: number;
  /** 0 for code outside of functions, and outside of classes. */
  readonly nameAt: number;
  readonly scope: number;
  readonly fileAt: number;
  readonly isEval: boolean;
}

/** The kind of the function at an address, with its head if it is one of the program; `undefined` for whatever is none. */
export function readFunction(
  memory: Memory,
  layout: PhpLayout,
  address: number,
): { readonly head?: FunctionHead; readonly closures: readonly number[] } | undefined {
  const bytes = readWhole(memory, address, FUNCTION.bytes);
  const kind = bytes?.[FUNCTION.type];
  if (bytes === undefined) return undefined;
  if (kind === KIND.internal) return { closures: [] };
  if (kind !== KIND.user && kind !== KIND.eval) return undefined;
  const head = parseHead(bytes, layout, address);
  return head === undefined ? undefined : { head, closures: closuresOf(memory, layout, bytes) };
}

/** An object may be freed, and another one be put at its place. */
export function isSame(one: FunctionHead, other: FunctionHead | undefined): boolean {
  return (
    one.start === other?.start &&
    one.end === other.end &&
    one.nameAt === other.nameAt &&
    one.fileAt === other.fileAt &&
    one.scope === other.scope &&
    one.firstLine === other.firstLine &&
    one.lastLine === other.lastLine
  );
}

function parseHead(bytes: Buffer, { code, count, file }: PhpLayout, address: number): FunctionHead | undefined {
  const ops = bytes.readUInt32LE(count);
  const start = readWord(bytes, code);
  const [nameAt, scope] = [readWord(bytes, FUNCTION.name), readWord(bytes, FUNCTION.scope)];
  const fileAt = readWord(bytes, file);
  const [firstLine, lastLine] = [bytes.readUInt32LE(file + 8), bytes.readUInt32LE(file + 12)];
  const isSound = isAddress(start) && isAddress(fileAt) && ops > 0 && ops <= MOST_OPS && firstLine <= lastLine;
  if (!isSound || (nameAt !== 0 && !isAddress(nameAt)) || (scope !== 0 && !isAddress(scope))) return undefined;
  const isEval = bytes[FUNCTION.type] === KIND.eval;
  return { address, start, end: start + OP.bytes * ops, firstLine, lastLine, nameAt, scope, fileAt, isEval };
}

/** Functions without a name stand in no table, but in the function that they are written in. */
function closuresOf(memory: Memory, { closures }: PhpLayout, bytes: Buffer): readonly number[] {
  const count = bytes.readUInt32LE(closures.count);
  if (count === 0 || count > MOST_CLOSURES) return [];
  const pointers = readWhole(memory, readWord(bytes, closures.at), 8 * count);
  return pointers === undefined ? [] : Array.from({ length: count }, (_, index) => readWord(pointers, 8 * index));
}
