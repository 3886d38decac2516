import type { Elf } from '../elf/elf.ts';
import { exportedAddress } from '../elf/exportedSymbols.ts';
import type { Module } from '../native/modules.ts';
import type { ShellHeap } from './shellHeap.ts';

/** Where bash keeps what is read of it. It exports all of its symbols, for builtins that are loaded. */
export interface BashTables {
  /** `HASH_TABLE *`, by name: the variable of a function, and where it was defined. */
  readonly functions: number;
  readonly definitions: number;
  /** `JOB **` and `struct jobstats`. */
  readonly jobs: number;
  readonly jobStats: number;
}

const FNV_OFFSET = 2166136261;
const FNV_PRIME = 16777619;
const MOST_IN_BUCKET = 256;
const MOST_BUCKETS = 1 << 20;
const MOST_NAME = 256;

/** `undefined` for a bash without these symbols, and for any other program. */
export function bashTables({ bias, elf }: Pick<Module, 'bias' | 'elf'>): BashTables | undefined {
  const [functions, definitions, jobs, jobStats] = ['shell_functions', 'shell_function_defs', 'jobs', 'js'].map(
    (name) => addressIn(elf, name, bias),
  );
  if (functions === undefined || definitions === undefined || jobs === undefined || jobStats === undefined) {
    return undefined;
  }
  return { functions, definitions, jobs, jobStats };
}

function addressIn(elf: Elf, name: string, bias: number): number | undefined {
  const address = exportedAddress(elf, name);
  return address === undefined ? undefined : address + bias;
}

/**
 * What a table of bash has under a name (hashlib.c): a bucket is a list of `next, key, data`. `table` is where the pointer to the
 * table is.
 */
export function findInTable(heap: ShellHeap, table: number, name: string): number | undefined {
  const head = heap.bytes(heap.word(table) ?? 0, 16);
  const count = head?.readInt32LE(8) ?? 0;
  // bash has a power of two of them.
  if (head === undefined || count <= 0 || count > MOST_BUCKETS || (count & (count - 1)) !== 0) return undefined;
  let at = heap.word(pointerAt(head, 0) + 8 * (hashOf(name) & (count - 1))) ?? 0;
  for (let length = 0; at !== 0 && length < MOST_IN_BUCKET; length += 1) {
    const item = heap.bytes(at, 24);
    if (item === undefined) return undefined;
    if (heap.text(pointerAt(item, 8), MOST_NAME)?.toString('utf8') === name) return pointerAt(item, 16);
    at = pointerAt(item, 0);
  }
  return undefined;
}

/** `hash_string`: FNV-1 of 32 bits. */
function hashOf(name: string): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(name)) hash = (Math.imul(hash, FNV_PRIME) ^ byte) >>> 0;
  return hash;
}

/** Eight bytes of a structure. */
export function pointerAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}
