import { type Elf, readAt } from '../elf/elf.ts';
import { exportedSymbol } from '../elf/exportedSymbols.ts';

/** Where V8 keeps things. Offsets are those from the start of an object, or from the frame pointer. */
export interface V8Layout {
  readonly frame: {
    readonly context: number;
    readonly function: number;
    readonly bytecodes: number;
    readonly bytecodeOffset: number;
  };
  /** Instance types, by which every object is known. */
  readonly types: {
    readonly map: number;
    readonly function: number;
    readonly shared: number;
    readonly scopeInfo: number;
    readonly script: number;
    readonly bytecodes: number;
    readonly interpreterData: number;
    readonly code: number;
    /** Arrays of bytes: one type, or a second one for those that code trusts. */
    readonly bytes: readonly number[];
    readonly firstNonString: number;
    /** `undefined` and the like. */
    readonly oddball: number;
  };
  readonly instanceType: number;
  /** `code` is absent where a function has its machine code in a table of the process (V8 13). */
  readonly function: { readonly shared: number; readonly context: number; readonly code: number | undefined };
  readonly shared: { readonly data: number; readonly nameOrScope: number; readonly script: number };
  readonly scopeInfo: { readonly locals: number; readonly first: number };
  readonly script: { readonly source: number; readonly name: number };
  readonly bytecodes: { readonly length: number; readonly positions: number; readonly data: number };
  /** `data` is where machine code keeps its bytecodes, or what a deoptimisation needs. */
  readonly code: { readonly data: number; readonly offsets: number; readonly start: number; readonly size: number };
  /** Elements of what a deoptimisation needs; absent where they are wrapped in another way. */
  readonly deoptimization: {
    readonly inlinedCount: number;
    readonly literals: number;
    readonly shared: number | undefined;
  };
  /** Sizes of the instructions of the interpreter, for each scale of operands in turn. */
  readonly bytecodeSizes: Buffer;
}

const MOST_BYTECODES = 256;
const SCALES = 3;
const BYTECODE_SIZES = '_ZN2v88internal11interpreter9Bytecodes14kBytecodeSizesE';
const known = new WeakMap<Elf, { readonly layout: V8Layout | undefined }>();

/**
 * The layout of the V8 in a file, from the constants that it has for debuggers (`v8dbg_*`, made by V8's
 * tools/gen-postmortem-metadata.py), so that no table of versions is needed. `undefined` for a file without V8 or without
 * these symbols, and for compressed pointers, which Node does not use.
 */
export function readLayout(elf: Elf): V8Layout | undefined {
  let found = known.get(elf);
  if (found === undefined) {
    found = { layout: elf.isX64 ? layoutOf(elf) : undefined };
    known.set(elf, found);
  }
  return found.layout;
}

function layoutOf(elf: Elf): V8Layout | undefined {
  const optional: Constant<number | undefined> = (...names) => {
    for (const name of names) {
      const symbol = exportedSymbol(elf, `v8dbg_${name}`);
      // One that is 0 may lie in .bss, which has no bytes in the file.
      if (symbol !== undefined) return readAt(elf, symbol.address, 4)?.readInt32LE(0) ?? 0;
    }
    return undefined;
  };
  // The cheapest sign that this is no V8, or one that is laid out in another way.
  if (optional('TaggedSize') !== 8 || optional('SmiShiftSize') !== 31) return undefined;
  let isWhole = true;
  const needed: Constant<number> = (...names) => {
    const value = optional(...names);
    if (value === undefined) isWhole = false;
    return value ?? Number.NaN;
  };
  const layout = readAll(elf, needed, optional);
  return isWhole && isSane(layout) ? layout : undefined;
}

/** A file may say anything. Readers rely on these bounds: they read the beginning of an object, and the frame near its end. */
function isSane(layout: V8Layout): boolean {
  const { bytecodes, code, deoptimization, frame, instanceType, scopeInfo, script, shared } = layout;
  const isWithin = (least: number, most: number, offsets: readonly (number | undefined)[]): boolean =>
    offsets.every((offset) => offset === undefined || (offset >= least && offset <= most));
  return (
    isWithin(-40, -8, Object.values(frame)) &&
    isWithin(0, 14, [instanceType, ...Object.values(deoptimization)]) &&
    isWithin(8, 56, Object.values(layout.function)) &&
    isWithin(8, 48, [...Object.values(shared), ...Object.values(script), code.data, code.offsets, code.start]) &&
    isWithin(8, 60, [code.size, bytecodes.length, bytecodes.positions, scopeInfo.locals, scopeInfo.first]) &&
    isWithin(48, 128, [bytecodes.data])
  );
}

type Constant<T> = (...names: readonly string[]) => T;

function readAll(elf: Elf, needed: Constant<number>, optional: Constant<number | undefined>): V8Layout {
  const sizes = exportedSymbol(elf, BYTECODE_SIZES);
  const isKnown = sizes !== undefined && sizes.size <= SCALES * MOST_BYTECODES && sizes.size % SCALES === 0;
  const trusted = optional('type_TrustedByteArray__TRUSTED_BYTE_ARRAY_TYPE');
  // Since V8 12 an array of bytecodes has a wrapper, and the table of positions comes right behind it.
  const wrapper = optional('class_BytecodeArray__wrapper__Tagged_BytecodeWrapper_');
  const feedback = optional('class_JSFunction__raw_feedback_cell__FeedbackCell');
  const inCode = optional('class_Code__bytecode_or_interpreter_data__HeapObject') ?? 8;
  return {
    frame: {
      context: needed('off_fp_context_or_frame_type', 'off_fp_context'),
      function: needed('off_fp_function'),
      bytecodes: needed('off_fp_bytecode_array'),
      bytecodeOffset: needed('off_fp_bytecode_offset'),
    },
    types: {
      map: needed('type_Map__MAP_TYPE'),
      function: needed('type_JSFunction__JS_FUNCTION_TYPE'),
      shared: needed('type_SharedFunctionInfo__SHARED_FUNCTION_INFO_TYPE'),
      scopeInfo: needed('type_ScopeInfo__SCOPE_INFO_TYPE'),
      script: needed('type_Script__SCRIPT_TYPE'),
      bytecodes: needed('type_BytecodeArray__BYTECODE_ARRAY_TYPE'),
      interpreterData: needed('type_InterpreterData__INTERPRETER_DATA_TYPE'),
      code: needed('type_Code__CODE_TYPE'),
      bytes: [needed('type_ByteArray__BYTE_ARRAY_TYPE'), ...(trusted === undefined ? [] : [trusted])],
      firstNonString: needed('FirstNonstringType'),
      oddball: needed('type_Oddball__ODDBALL_TYPE'),
    },
    instanceType: needed('class_Map__instance_type__uint16_t'),
    function: {
      shared: needed('class_JSFunction__shared__SharedFunctionInfo'),
      context: needed('class_JSFunction__context__Context'),
      code: optional('class_JSFunction__code__Tagged_Code_') ?? (feedback === undefined ? undefined : feedback + 8),
    },
    shared: {
      data: optional('class_SharedFunctionInfo__function_data__Object') ?? 8,
      nameOrScope: needed(
        'class_SharedFunctionInfo__name_or_scope_info__Object',
        'class_SharedFunctionInfo__name_or_scope_info__Tagged_Object_',
        'class_SharedFunctionInfo__name_or_scope_info__Tagged_NameOrScopeInfoT_',
      ),
      script: needed(
        'class_SharedFunctionInfo__script_or_debug_info__HeapObject',
        'class_SharedFunctionInfo__script__Tagged_HeapObject_',
      ),
    },
    scopeInfo: {
      locals: 8 + 8 * needed('scopeinfo_idx_ncontextlocals'),
      first: 8 + 8 * needed('scopeinfo_idx_first_vars'),
    },
    script: { source: needed('class_Script__source__Object'), name: needed('class_Script__name__Object') },
    bytecodes: {
      length: optional('class_BytecodeArray__length__SMI', 'class_FixedArrayBase__length__SMI') ?? 8,
      positions: wrapper === undefined ? 32 : wrapper + 8,
      data: needed('class_BytecodeArray__data__uintptr_t'),
    },
    code: {
      data: inCode,
      offsets: inCode + 8,
      start: optional('class_Code__instruction_start__Address') ?? 40,
      size: optional('class_Code__instruction_size__int') ?? 56,
    },
    deoptimization: {
      inlinedCount: needed('DeoptimizationDataInlinedFunctionCountIndex'),
      literals: needed('DeoptimizationDataLiteralArrayIndex'),
      shared: optional('DeoptimizationDataSharedFunctionInfoIndex'),
    },
    bytecodeSizes: (isKnown ? readAt(elf, sizes.address, sizes.size) : undefined) ?? Buffer.alloc(0),
  };
}
