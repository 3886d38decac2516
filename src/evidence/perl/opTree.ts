import { readWord } from '../creators/trace/record.ts';
import type { Memory } from '../native/processMemory.ts';
import { readWhole } from '../native/readWhole.ts';
import { OP, OP_BITS, OP_TYPE } from './layout.ts';
import { pathAt } from './texts.ts';

/** Operations of one sub. */
const MOST_OPS = 50_000;
const NO_LINE = 0;

/** An operation that makes processes. */
export interface MakingOp {
  readonly address: number;
  /** The function of C that runs it. */
  readonly code: number;
  /** Which value of the pad it puts its result into. */
  readonly target: number;
  readonly line: number;
  readonly file: string;
}

export interface OpTree {
  readonly ops: readonly MakingOp[];
  /** Of its first statement; 0 if it has none. */
  readonly firstLine: number;
}

interface Statement {
  readonly line: number;
  readonly fileAt: number;
}

/**
 * The operations of a sub that are run by one of these functions, each with the statement that it is in. Yields after each.
 * A statement is an operation before those that it is made of, and counts for what follows it at the same level.
 */
export function* readOpTree(
  memory: Pick<Memory, 'read'>,
  root: number,
  isMaking: (code: number) => boolean,
): Generator<void, OpTree, undefined> {
  const ops: MakingOp[] = [];
  const waiting: { readonly at: number; readonly statement: Statement }[] = [
    { at: root, statement: { line: NO_LINE, fileAt: 0 } },
  ];
  let firstLine = NO_LINE;
  for (let count = 0; count < MOST_OPS; count += 1) {
    const next = waiting.pop();
    if (next === undefined) break;
    yield;
    const bytes = readWhole(memory, next.at, OP.bytes);
    if (bytes === undefined) continue;
    const statement = statementOf(bytes, next.statement);
    firstLine ||= statement.line;
    const code = readWord(bytes, OP.code);
    if (isMaking(code)) {
      const file = pathAt(memory, statement.fileAt);
      const target = readWord(bytes, OP.target);
      if (file !== undefined) ops.push({ address: next.at, code, target, line: statement.line, file });
    }
    if ((bytes.readUInt16LE(OP.bits) & OP_BITS.hasSibling) !== 0) {
      waiting.push({ at: readWord(bytes, OP.sibling), statement });
    }
    if (((bytes[OP.flags] as number) & OP_BITS.hasKids) !== 0) {
      waiting.push({ at: readWord(bytes, OP.first), statement });
    }
  }
  return { ops, firstLine };
}

/** The statement that holds from an operation on. One that was left out has kept its line, but not its file (op_null in op.c). */
function statementOf(bytes: Buffer, before: Statement): Statement {
  const type = bytes.readUInt16LE(OP.bits) & OP_BITS.type;
  const isStatement = (one: number): boolean => OP_TYPE.statements.some((statement) => statement === one);
  if (isStatement(type)) return { line: bytes.readUInt32LE(OP.line), fileAt: readWord(bytes, OP.file) };
  if (type !== OP_TYPE.none || !isStatement(readWord(bytes, OP.target))) return before;
  return { line: bytes.readUInt32LE(OP.line), fileAt: before.fileAt };
}
