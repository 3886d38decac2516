import { Cursor } from './bytes.ts';

/** Where the parts of Go's function table are, as offsets in it (runtime/symtab.go: `pcHeader`). */
export interface GoHeader {
  /** Functions in the table. */
  readonly count: number;
  /** What addresses are relative to. */
  readonly textStart: number;
  readonly names: number;
  /** Which files a compilation unit is made of. */
  readonly units: number;
  readonly files: number;
  /** Tables of values by address. */
  readonly values: number;
  readonly functions: number;
  /** Bytes of an address in the index, and of a function's entry: 4 since Go 1.18, 8 before. */
  readonly entryBytes: number;
}

const MAGIC_116 = 0xfffffffa;
const MAGIC_118 = 0xfffffff0;
const MAGIC_120 = 0xfffffff1;
const POINTER_BYTES = 8;
/** The smallest entry of the index. A count that needs more bytes than the table has is damage. */
const LEAST_INDEX_BYTES = 8;

/** The header of Go 1.16 or newer; `undefined` for any other bytes. `text` is the address of the section `.text`. */
export function readGoHeader(bytes: Buffer, text: number): GoHeader | undefined {
  const cursor = new Cursor(bytes);
  const magic = cursor.u32();
  // Two zero bytes, and the size of an instruction.
  cursor.advance(3);
  if (cursor.u8() !== POINTER_BYTES) return undefined;
  const count = cursor.u64();
  // The number of files.
  cursor.u64();
  const isNew = magic === MAGIC_118 || magic === MAGIC_120;
  if (!isNew && magic !== MAGIC_116) return undefined;
  // The loader fills it in for a position-independent program.
  const textStart = isNew ? cursor.u64() || text : 0;
  const [names, units, files, values, functions] = [
    cursor.u64(),
    cursor.u64(),
    cursor.u64(),
    cursor.u64(),
    cursor.u64(),
  ];
  if (cursor.isBroken || count * LEAST_INDEX_BYTES > bytes.length) return undefined;
  return { count, textStart, names, units, files, values, functions, entryBytes: isNew ? 4 : 8 };
}
