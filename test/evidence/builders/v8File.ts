import { elfImage } from './elfImage.ts';
import { hashedSymbols } from './hashedSymbols.ts';
import type { Mapped } from './program.ts';
import { V8_LAYOUT } from './v8Layout.ts';

const BYTECODE_SIZES = '_ZN2v88internal11interpreter9Bytecodes14kBytecodeSizesE';
const CONSTANTS_AT = 0x3000;
export const NODE_BASE = 0x5555_0000_0000;
/** Where `uv_once` begins in the file. */
export const ONCE_AT = 0x1800;

/** What Node 20 says for debuggers. */
export const V8_CONSTANTS: Readonly<Record<string, number>> = {
  TaggedSize: 8,
  SmiShiftSize: 31,
  off_fp_context_or_frame_type: -8,
  off_fp_function: -16,
  off_fp_bytecode_array: -32,
  off_fp_bytecode_offset: -40,
  type_Map__MAP_TYPE: 255,
  type_JSFunction__JS_FUNCTION_TYPE: 2066,
  type_SharedFunctionInfo__SHARED_FUNCTION_INFO_TYPE: 262,
  type_ScopeInfo__SCOPE_INFO_TYPE: 261,
  type_Script__SCRIPT_TYPE: 167,
  type_BytecodeArray__BYTECODE_ARRAY_TYPE: 191,
  type_InterpreterData__INTERPRETER_DATA_TYPE: 159,
  type_Code__CODE_TYPE: 245,
  type_ByteArray__BYTE_ARRAY_TYPE: 190,
  type_Oddball__ODDBALL_TYPE: 131,
  FirstNonstringType: 128,
  class_Map__instance_type__uint16_t: 12,
  class_JSFunction__shared__SharedFunctionInfo: 24,
  class_JSFunction__context__Context: 32,
  class_JSFunction__raw_feedback_cell__FeedbackCell: 40,
  class_SharedFunctionInfo__function_data__Object: 8,
  class_SharedFunctionInfo__name_or_scope_info__Object: 16,
  class_SharedFunctionInfo__script_or_debug_info__HeapObject: 32,
  scopeinfo_idx_ncontextlocals: 2,
  scopeinfo_idx_first_vars: 3,
  class_Script__source__Object: 8,
  class_Script__name__Object: 16,
  class_FixedArrayBase__length__SMI: 8,
  class_BytecodeArray__data__uintptr_t: 54,
  class_Code__bytecode_or_interpreter_data__HeapObject: 16,
  DeoptimizationDataInlinedFunctionCountIndex: 1,
  DeoptimizationDataLiteralArrayIndex: 2,
  DeoptimizationDataSharedFunctionInfoIndex: 6,
};

/** The executable of Node: its code is mapped at the base, and it has these constants. */
export function v8File(path = '/usr/bin/node', constants: Readonly<Record<string, number>> = V8_CONSTANTS): Mapped {
  const names = Object.keys(constants);
  const sizes = V8_LAYOUT.bytecodeSizes;
  const data = Buffer.alloc(4 * names.length + sizes.length);
  for (const [index, name] of names.entries()) data.writeInt32LE(constants[name] as number, 4 * index);
  sizes.copy(data, 4 * names.length);
  const symbols = names.map((name, index) => {
    return { name: `v8dbg_${name}`, start: CONSTANTS_AT + 4 * index, size: 4, type: 1 };
  });
  const image = elfImage([
    { name: '.text', bytes: Buffer.alloc(0x1000), address: 0x1000 },
    { name: '.rodata', bytes: data, address: CONSTANTS_AT },
    ...hashedSymbols([
      ...symbols,
      { name: BYTECODE_SIZES, start: CONSTANTS_AT + 4 * names.length, size: sizes.length, type: 1 },
      { name: 'uv_once', start: ONCE_AT, size: 0x10 },
    ]),
  ]);
  return { path, base: NODE_BASE, image };
}
