import { readWord } from '../creators/trace/record.ts';
import { cachedMemory } from '../native/cachedMemory.ts';
import type { Memory } from '../native/processMemory.ts';
import { readWhole } from '../native/readWhole.ts';
import type { Work } from '../slicedWork.ts';
import { CODE, CODE_FLAGS, CODE_TYPE, INTERPRETER, PADS, VALUE } from './layout.ts';
import { type OpTree, readOpTree } from './opTree.ts';
import type { Targets } from './targets.ts';
import { subName, wordAt } from './texts.ts';

/** Blocks of values: of 170 each in an honest program. */
const MOST_BLOCKS = 65_536;
const MOST_IN_BLOCK = 4_096;
/** Depths of recursion. */
const MOST_DEPTH = 64;

export interface PerlProcess {
  readonly memory: Memory;
  readonly interpreter: number;
  /** Whether a function of C runs operations that make processes. */
  isMaking(code: number): boolean;
}

/** Finds the operations of all subs that make processes, through the blocks that all values lie in. */
export function* learnTargets(process: PerlProcess, targets: Targets): Work {
  const { interpreter } = process;
  const memory = cachedMemory(process.memory);
  const perl = { ...process, memory };
  const mainCode = wordAt(memory, interpreter + INTERPRETER.mainCode) ?? 0;
  const mainTree = wordAt(memory, interpreter + INTERPRETER.mainTree) ?? 0;
  /** Closures of one sub share its operations. */
  const trees = new Map<number, OpTree>();
  let block = wordAt(memory, interpreter + INTERPRETER.values);
  for (let count = 0; block && count < MOST_BLOCKS; count += 1) {
    yield;
    const head = readWhole(memory, block, VALUE.bytes);
    const values = head?.readUInt32LE(VALUE.count) ?? 0;
    if (head === undefined || values === 0 || values > MOST_IN_BLOCK) return;
    const bytes = readWhole(memory, block, values * VALUE.bytes);
    for (let index = 1; bytes !== undefined && index < values; index += 1) {
      const at = index * VALUE.bytes;
      if (bytes[at + VALUE.flags] !== CODE_TYPE) continue;
      const isMain = block + at === mainCode;
      yield* learnSub(perl, targets, trees, readWord(bytes, at + VALUE.body), isMain ? mainTree : undefined);
    }
    block = readWord(head, VALUE.body);
  }
}

function* learnSub(
  { isMaking, memory }: Pick<PerlProcess, 'isMaking'> & { readonly memory: Pick<Memory, 'read'> },
  targets: Targets,
  trees: Map<number, OpTree>,
  at: number,
  mainTree: number | undefined,
): Work {
  yield;
  const body = readWhole(memory, at, CODE.bytes);
  if (body === undefined || (body.readUInt32LE(CODE.flags) & CODE_FLAGS.isNative) !== 0) return;
  const root = mainTree ?? readWord(body, CODE.tree);
  if (root === 0) return;
  const tree = trees.get(root) ?? (yield* readOpTree(memory, root, isMaking));
  trees.set(root, tree);
  if (tree.ops.length === 0) return;
  const sub = mainTree === undefined ? nameOf(memory, body, tree) : 'main';
  const pads = readWhole(memory, readWord(body, CODE.pads), PADS.bytes);
  const list = pads === undefined ? 0 : readWord(pads, PADS.list);
  const depth = pads === undefined ? 0 : Math.min(MOST_DEPTH, readWord(pads, PADS.most));
  for (let level = 1; sub !== undefined && level <= depth; level += 1) {
    const pad = wordAt(memory, list + 8 * level);
    const slots = pad === undefined ? undefined : wordAt(memory, pad + VALUE.pointer);
    if (slots === undefined) continue;
    for (const { address, code, file, line, target } of tree.ops) {
      yield;
      const slot = slots + 8 * target;
      const value = wordAt(memory, slot);
      if (value) targets.add(value, { sub, file, line, op: address, code, slot });
    }
  }
}

/** All subs without a name are called the same. */
function nameOf(memory: Pick<Memory, 'read'>, body: Buffer, { firstLine }: OpTree): string | undefined {
  return subName(memory, body)?.replace(/::__ANON__$/, `::__ANON__[${firstLine}]`);
}
