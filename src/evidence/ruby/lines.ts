import { readWord } from '../creators/trace/record.ts';
import type { Memory } from '../native/processMemory.ts';
import { readWhole } from '../native/readWhole.ts';
import type { RubyLayout } from './layout.ts';

/** The index begins with 7-bit numbers, nine to a word, for this many instructions (`succ_index_table` in iseq.c). */
const SMALL = 54;
const IN_WORD = 9;
const BLOCKS_AT = 48;
const BLOCK_BYTES = 80;
const BITS_IN_BLOCK = 512;
const BITS_IN_WORD = 64;
/** No file has as many lines. */
const MOST_LINE = 10_000_000;

/** The line table of a compiled method, and its index. */
export interface LineTable {
  readonly at: number;
  readonly count: number;
  readonly index: number;
}

/**
 * The line of an instruction, by its position in the code in words (`get_insn_info_succinct` in iseq.c): a bit vector says at
 * which positions an entry begins, so the rank of a position is its entry. `undefined` if it makes no sense.
 */
export function lineAt(
  memory: Memory,
  { lineBytes }: RubyLayout,
  { at, count, index }: LineTable,
  position: number,
): number | undefined {
  const rank = position < SMALL ? smallRank(memory, index, position) : largeRank(memory, index, position - SMALL);
  if (rank === undefined || rank < 1 || rank > count) return undefined;
  const line = readWhole32(memory, at + lineBytes * (rank - 1));
  return line !== undefined && line > 0 && line < MOST_LINE ? line : undefined;
}

function smallRank(memory: Memory, index: number, position: number): number | undefined {
  const word = readWhole(memory, index + 8 * Math.floor(position / IN_WORD), 8)?.readBigUInt64LE(0);
  return word === undefined ? undefined : Number((word >> BigInt(7 * (position % IN_WORD))) & 0x7fn);
}

/** A block: the rank at its begin, that of each of its words but the first in 9 bits, then eight words of bits. */
function largeRank(memory: Memory, index: number, position: number): number | undefined {
  const block = index + BLOCKS_AT + BLOCK_BYTES * Math.floor(position / BITS_IN_BLOCK);
  const bytes = readWhole(memory, block, BLOCK_BYTES);
  if (bytes === undefined) return undefined;
  const bit = position % BITS_IN_BLOCK;
  const word = Math.floor(bit / BITS_IN_WORD);
  const before = word === 0 ? 0 : Number((bytes.readBigUInt64LE(8) >> BigInt(9 * (word - 1))) & 0x1ffn);
  const bits = bytes.readBigUInt64LE(16 + 8 * word);
  return (
    readWord(bytes, 0) + before + ones(BigInt.asUintN(64, bits << BigInt(BITS_IN_WORD - 1 - (bit % BITS_IN_WORD))))
  );
}

function ones(bits: bigint): number {
  let count = 0;
  for (let rest = bits; rest > 0n; rest >>= 1n) count += Number(rest & 1n);
  return count;
}

/** The entries of 12 bytes are aligned to four. */
function readWhole32(memory: Memory, address: number): number | undefined {
  const bytes = address < 4096 ? undefined : memory.read(address, 4);
  return bytes?.length === 4 ? bytes.readInt32LE(0) : undefined;
}
