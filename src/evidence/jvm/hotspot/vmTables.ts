import { readWord } from '../../creators/trace/record.ts';
import type { Memory } from '../../native/processMemory.ts';
import { ConstantNames } from './constantNames.ts';

/** What a build of HotSpot tells of itself, for debuggers. The same for every process of that build. */
export interface VmTables {
  /** `Type.field`: where it lies within its type. */
  readonly offsets: ReadonlyMap<string, number>;
  /** `Type.field` of what there is once: its address, as the linker gave it. */
  readonly statics: ReadonlyMap<string, number>;
  /** Bytes of a type. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly constants: ReadonlyMap<string, number>;
}

/** The library in the memory of a process. */
export interface TableSource {
  readonly memory: Memory;
  /** The address of an exported symbol, as the linker gave it. */
  readonly addressOf: (symbol: string) => number | undefined;
  /** What the process adds to such addresses. */
  readonly bias: number;
}

/** HotSpot has 800 fields and 400 types. */
const MOST_ROWS = 8192;
const MOST_ROW_BYTES = 256;
const ROWS_AT_ONCE = 64;

/**
 * Reads `gHotSpotVMStructs`, `gHotSpotVMTypes` and `gHotSpotVMIntConstants` (vmStructs.cpp), which are filled before a JVM
 * begins. Of the types only those that `isWanted` are kept. `undefined` for a library that has no such tables.
 */
export function readVmTables(source: TableSource, isWanted: (type: string) => boolean): VmTables | undefined {
  const names = new ConstantNames(source.memory);
  const offsets = new Map<string, number>();
  const statics = new Map<string, number>();
  const sizes = new Map<string, number>();
  const constants = new Map<string, number>();
  const hasFields = eachRow(
    source,
    'gHotSpotVMStructs',
    { entry: 'gHotSpotVMStructEntry', columns: ['TypeName', 'FieldName', 'Offset', 'Address', 'IsStatic'] },
    (row, at) => {
      const typeName = names.at(readWord(row, at.TypeName));
      if (!isWanted(typeName)) return;
      const name = `${typeName}.${names.at(readWord(row, at.FieldName))}`;
      if (row.readInt32LE(at.IsStatic) !== 0) statics.set(name, readWord(row, at.Address) - source.bias);
      else offsets.set(name, readWord(row, at.Offset));
    },
  );
  const hasTypes = eachRow(
    source,
    'gHotSpotVMTypes',
    { entry: 'gHotSpotVMTypeEntry', columns: ['TypeName', 'Size'] },
    (row, at) => {
      const name = names.at(readWord(row, at.TypeName));
      if (isWanted(name)) sizes.set(name, readWord(row, at.Size));
    },
  );
  const hasConstants = eachRow(
    source,
    'gHotSpotVMIntConstants',
    { entry: 'gHotSpotVMIntConstantEntry', columns: ['Name', 'Value'] },
    (row, at) => {
      constants.set(names.at(readWord(row, at.Name)), row.readInt32LE(at.Value));
    },
  );
  return hasFields && hasTypes && hasConstants ? { offsets, statics, sizes, constants } : undefined;
}

/** Goes over a table: the library says where its columns are. Behind the last row is one that begins with 0. */
function eachRow<Name extends string>(
  { addressOf, bias, memory }: TableSource,
  table: string,
  { columns, entry }: { readonly entry: string; readonly columns: readonly Name[] },
  take: (row: Buffer, at: Readonly<Record<Name, number>>) => void,
): boolean {
  const window = memory.window(0, 8);
  const numberAt = (symbol: string): number => {
    const address = addressOf(symbol);
    return (address === undefined ? undefined : window.readWord(address + bias)) ?? Number.NaN;
  };
  const start = numberAt(table);
  const stride = numberAt(`${entry}ArrayStride`);
  const places = columns.map((column) => [column, numberAt(`${entry}${column}Offset`)] as const);
  const isSane = start > 0 && stride <= MOST_ROW_BYTES && places.every(([, at]) => at + 8 <= stride);
  if (!isSane) return false;
  const at = Object.fromEntries(places) as Record<Name, number>;
  for (let done = 0; done < MOST_ROWS; done += ROWS_AT_ONCE) {
    const bytes = memory.read(start + done * stride, ROWS_AT_ONCE * stride) ?? Buffer.alloc(0);
    for (let from = 0; from < ROWS_AT_ONCE * stride; from += stride) {
      const row = bytes.subarray(from, from + stride);
      if (row.length < stride || readWord(row, at[columns[0] as Name]) === 0) return true;
      take(row, at);
    }
  }
  return true;
}
