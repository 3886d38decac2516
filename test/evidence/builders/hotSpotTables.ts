import { elfImage, hashSection, type SymbolSpec, symbolSections } from './elfImage.ts';
import type { FakeMemory } from './fakeMemory.ts';
import type { Mapped } from './program.ts';

export type JavaVersion = 8 | 17 | 24 | 25;

export const JVM_BASE = 0x7f10_0000_0000;
/** In the library: what the tables and the statics are read from. */
const TABLES_IN_FILE = 0x10_0000;
const STATICS_IN_FILE = 0x20_0000;
const NAMES_AT = JVM_BASE + 0x30_0000;

type Fields = Readonly<Record<string, number>>;

/** What does not differ between the versions here. */
const COMMON: Fields = {
  'CodeHeap._memory': 8,
  'CodeHeap._segmap': 120,
  'CodeHeap._log2_segment_size': 256,
  'VirtualSpace._low_boundary': 0,
  'VirtualSpace._high_boundary': 8,
  'VirtualSpace._low': 16,
  'PcDesc._pc_offset': 0,
  'PcDesc._scope_decode_offset': 4,
  'JavaCallWrapper._anchor': 32,
  'JavaFrameAnchor._last_Java_sp': 0,
  'JavaFrameAnchor._last_Java_pc': 8,
  'JavaFrameAnchor._last_Java_fp': 16,
  'Method._constMethod': 8,
  'ConstMethod._constants': 8,
  'ConstMethod._constMethod_size': 24,
  'ConstantPool._pool_holder': 24,
  'Klass._name': 24,
  'Symbol._body': 6,
};

/** Fields by version, as 17 and 25 tell them; 8 and 24 as their sources have them. */
const FIELDS: Readonly<Record<JavaVersion, Fields>> = {
  8: {
    ...{ 'CodeBlob._name': 8, 'CodeBlob._frame_size': 44, 'CodeBlob._code_offset': 32, 'nmethod._method': 80 },
    ...{ 'nmethod._compile_id': 200, 'nmethod._orig_pc_offset': 140, 'nmethod._deoptimize_offset': 144 },
    ...{ 'nmethod._scopes_data_offset': 148, 'nmethod._scopes_pcs_offset': 152, 'nmethod._dependencies_offset': 156 },
    ...{ 'nmethod._metadata_offset': 160, 'ConstMethod._flags': 28, 'ConstMethod._code_size': 32 },
    ...{ 'ConstMethod._name_index': 34, 'InstanceKlass._source_file_name_index': 200, 'Symbol._length': 0 },
  },
  17: {
    ...{ 'CodeBlob._name': 96, 'CodeBlob._frame_size': 28, 'CodeBlob._code_begin': 32, 'CompiledMethod._method': 112 },
    ...{ 'nmethod._compile_id': 304, 'nmethod._orig_pc_offset': 300, 'CompiledMethod._deopt_handler_begin': 128 },
    ...{ 'CompiledMethod._scopes_data_begin': 120, 'nmethod._scopes_pcs_offset': 268 },
    ...{ 'nmethod._dependencies_offset': 272, 'nmethod._metadata_offset': 260, 'ConstMethod._flags': 28 },
    ...{ 'ConstMethod._code_size': 32, 'ConstMethod._name_index': 34, 'ConstantPool._source_file_name_index': 54 },
    ...{ 'Symbol._length': 4, 'GrowableArrayBase._len': 0, 'GrowableArray<int>._data': 8 },
  },
  24: {
    ...{ 'CodeBlob._name': 8, 'CodeBlob._frame_size': 44, 'CodeBlob._code_offset': 36, 'CodeBlob._data_offset': 40 },
    ...{ 'nmethod._method': 80, 'nmethod._compile_id': 212, 'nmethod._orig_pc_offset': 208 },
    ...{ 'nmethod._deopt_handler_offset': 176, 'nmethod._scopes_data_offset': 200, 'nmethod._scopes_pcs_offset': 196 },
    ...{ 'nmethod._metadata_offset': 190, 'nmethod._immutable_data': 96, 'ConstMethod._flags._flags': 28 },
    ...{ 'ConstMethod._code_size': 34, 'ConstMethod._name_index': 36, 'ConstantPool._source_file_name_index': 54 },
    ...{ 'Symbol._length_and_refcount': 2, 'GrowableArrayBase._len': 0, 'GrowableArray<int>._data': 8 },
  },
  25: {
    ...{ 'CodeBlob._name': 8, 'CodeBlob._frame_size': 44, 'CodeBlob._code_offset': 36, 'CodeBlob._mutable_data': 16 },
    ...{ 'CodeBlob._relocation_size': 28, 'nmethod._method': 80, 'nmethod._compile_id': 212 },
    ...{ 'nmethod._orig_pc_offset': 208, 'nmethod._deopt_handler_offset': 176, 'nmethod._scopes_data_offset': 200 },
    ...{ 'nmethod._scopes_pcs_offset': 196, 'nmethod._immutable_data': 96, 'ConstMethod._flags._flags': 28 },
    ...{ 'ConstMethod._code_size': 34, 'ConstMethod._name_index': 36, 'ConstantPool._source_file_name_index': 54 },
    ...{ 'Symbol._length': 4, 'GrowableArrayBase._len': 0, 'GrowableArray<int>._data': 8 },
  },
};

const SIZES: Fields = { ConstMethod: 48, ConstantPool: 72, PcDesc: 16, HeapBlock: 16 };

/** Where the statics lie, from `JVM_BASE`. */
export const STATICS: Fields = {
  'CodeCache._heaps': STATICS_IN_FILE,
  'CodeCache._heap': STATICS_IN_FILE,
  'StubRoutines._call_stub_return_address': STATICS_IN_FILE + 8,
  'Abstract_VM_Version._vm_major_version': STATICS_IN_FILE + 16,
};

export function fieldsOf(version: JavaVersion): Fields {
  return { ...COMMON, ...FIELDS[version] };
}

/** Writes the tables of a version into the memory of a process, and gives the library that exports where they are. */
export function jvmFile(memory: FakeMemory, version: JavaVersion, without: readonly string[] = []): Mapped {
  const writer = new Tables(memory);
  const kept = ([name]: readonly [string, number]): boolean => !without.includes(name);
  const statics = Object.entries(STATICS).filter(
    ([name]) => name !== (version === 8 ? 'CodeCache._heaps' : 'CodeCache._heap'),
  );
  const split = (name: string): [string, string] => [
    name.slice(0, name.indexOf('.')),
    name.slice(name.indexOf('.') + 1),
  ];
  const rows = [
    ...Object.entries(fieldsOf(version)).map(([name, offset]) => ({ name, offset, address: 0, isStatic: 0 })),
    ...statics.map(([name, at]) => ({ name, offset: 0, address: JVM_BASE + at, isStatic: 1 })),
  ].filter(({ name }) => kept([name, 0]));
  const symbols = [
    ...writer.table('gHotSpotVMStructs', 'gHotSpotVMStructEntry', rows.length, {
      TypeName: (row) => writer.name(split(rows[row]?.name ?? '')[0]),
      FieldName: (row) => writer.name(split(rows[row]?.name ?? '')[1]),
      Offset: (row) => rows[row]?.offset ?? 0,
      Address: (row) => rows[row]?.address ?? 0,
      IsStatic: (row) => rows[row]?.isStatic ?? 0,
    }),
    ...writer.table('gHotSpotVMTypes', 'gHotSpotVMTypeEntry', Object.keys(SIZES).length, {
      TypeName: (row) => writer.name(Object.keys(SIZES)[row] ?? ''),
      Size: (row) => Object.values(SIZES)[row] ?? 0,
    }),
    ...writer.table('gHotSpotVMIntConstants', 'gHotSpotVMIntConstantEntry', 2, {
      Name: (row) =>
        writer.name(row === 0 ? 'frame::entry_frame_call_wrapper_offset' : 'ConstMethod::_has_linenumber_table'),
      Value: (row) => (row === 0 ? 2 ** 32 - 6 : 1),
    }),
  ];
  memory.word(JVM_BASE + STATICS_IN_FILE, 0).word(JVM_BASE + STATICS_IN_FILE + 8, 0);
  memory.word(JVM_BASE + STATICS_IN_FILE + 16, version === 8 ? 25 : version);
  const text = { name: '.text', bytes: Buffer.alloc(0x1000), address: 0x1000 };
  const image = elfImage([text, ...symbolSections(symbols, true), hashSection(symbols)]);
  return { path: '/jdk/lib/server/libjvm.so', base: JVM_BASE, image };
}

/** Tables of rows of words, each with its columns in the order of their names. */
class Tables {
  readonly #memory: FakeMemory;
  readonly #names = new Map<string, number>();
  #next = JVM_BASE + TABLES_IN_FILE;
  #nextName = NAMES_AT;

  constructor(memory: FakeMemory) {
    this.#memory = memory;
  }

  name(text: string): number {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const at = this.#nextName;
    this.#memory.write(at, Buffer.from(`${text}\0`));
    this.#nextName += text.length + 1;
    this.#names.set(text, at);
    return at;
  }

  /** The symbols that tell of it. */
  table(
    name: string,
    entry: string,
    rows: number,
    columns: Readonly<Record<string, (row: number) => number>>,
  ): SymbolSpec[] {
    const names = Object.keys(columns);
    const stride = names.length * 8;
    const start = this.#next;
    this.#next += (rows + 1) * stride + 4096;
    for (let row = 0; row <= rows; row += 1) {
      for (const [index, column] of names.entries()) {
        this.#memory.word(start + row * stride + index * 8, row < rows ? (columns[column]?.(row) ?? 0) : 0);
      }
    }
    // The library has the numbers in variables of its own.
    const variable = (symbol: string, value: number): SymbolSpec => {
      const at = this.#next;
      this.#next += 8;
      this.#memory.word(at, value);
      return { name: symbol, start: at - JVM_BASE, size: 8, type: 1 };
    };
    return [
      variable(name, start),
      variable(`${entry}ArrayStride`, stride),
      ...names.map((column, index) => variable(`${entry}${column}Offset`, index * 8)),
    ];
  }
}
