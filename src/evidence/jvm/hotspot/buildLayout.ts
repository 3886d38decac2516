import type { HotSpotLayout, ScopesLayout } from './layout.ts';
import type { VmTables } from './vmTables.ts';

const WORD = 8;

/** The types that a layout is made of. */
export const LAYOUT_TYPES: ReadonlySet<string> = new Set([
  ...['Abstract_VM_Version', 'CodeBlob', 'CodeCache', 'CodeHeap', 'CompiledMethod', 'ConstMethod', 'ConstantPool'],
  ...['GenericGrowableArray', 'GrowableArray<int>', 'GrowableArrayBase', 'HeapBlock', 'InstanceKlass'],
  ...['JavaCallWrapper', 'JavaFrameAnchor', 'Klass', 'Method', 'PcDesc', 'StubRoutines', 'Symbol', 'VirtualSpace'],
  'nmethod',
]);

const DEOPT_POINTERS = ['CompiledMethod._deopt_handler_begin', 'CompiledMethod._deopt_mh_handler_begin'];
const DEOPT_OFFSETS = [
  ...['nmethod._deopt_handler_offset', 'nmethod._deopt_mh_handler_offset', 'nmethod._deopt_handler_entry_offset'],
  ...['nmethod._deoptimize_offset', 'nmethod._deoptimize_mh_offset'],
];

/**
 * The layout of a build, from what it tells of itself. `major` is the version of Java where that counts. `undefined` if
 * something is missing that a stack needs.
 */
export function buildLayout(tables: VmTables, major: number): HotSpotLayout | undefined {
  const { constants, offsets, sizes, statics } = tables;
  let isWhole = true;
  const first = (values: ReadonlyMap<string, number>, names: readonly string[]): number | undefined =>
    names.map((name) => values.get(name)).find((value) => value !== undefined);
  const needed = (value: number | undefined): number => {
    if (value === undefined || !Number.isSafeInteger(value) || Math.abs(value) >= 2 ** 47) isWhole = false;
    return value ?? 0;
  };
  const has = (name: string): boolean => offsets.has(name);
  const at = (...names: readonly string[]): number => needed(first(offsets, names));
  const bytes = (name: string): number => needed(sizes.get(name));
  const layout: HotSpotLayout = {
    heaps: {
      list: statics.has('CodeCache._heaps')
        ? {
            at: needed(statics.get('CodeCache._heaps')),
            length: at('GrowableArrayBase._len', 'GenericGrowableArray._len'),
            data: at('GrowableArray<int>._data'),
          }
        : undefined,
      single: statics.get('CodeCache._heap'),
      memory: at('CodeHeap._memory'),
      segmentMap: at('CodeHeap._segmap'),
      low: at('VirtualSpace._low'),
      high: at('VirtualSpace._high_boundary'),
      segmentShift: at('CodeHeap._log2_segment_size'),
      header: bytes('HeapBlock'),
    },
    blob: {
      name: at('CodeBlob._name'),
      frameSize: at('CodeBlob._frame_size'),
      code: has('CodeBlob._code_begin')
        ? { from: at('CodeBlob._code_begin') }
        : { plus: [at('CodeBlob._code_offset')] },
      method: at('CompiledMethod._method', 'nmethod._method'),
      compileId: at('nmethod._compile_id'),
      originalPc: at('nmethod._orig_pc_offset'),
      // Without one, a stack ends at such a frame.
      deoptHandlers: [
        ...DEOPT_POINTERS.filter(has).map((name) => ({ from: at(name) })),
        ...DEOPT_OFFSETS.filter(has).map((name) => ({ plus: [at(name)] })),
      ],
    },
    scopes: {
      ...scopesOf(at, has),
      placeBytes: bytes('PcDesc'),
      placePc: at('PcDesc._pc_offset'),
      placeText: at('PcDesc._scope_decode_offset'),
    },
    method: {
      constMethod: at('Method._constMethod'),
      constants: at('ConstMethod._constants'),
      nameIndex: at('ConstMethod._name_index'),
      codeSize: at('ConstMethod._code_size'),
      size: at('ConstMethod._constMethod_size'),
      flags: at('ConstMethod._flags._flags', 'ConstMethod._flags'),
      hasLines: needed(
        first(constants, ['ConstMethodFlags::_misc_has_linenumber_table', 'ConstMethod::_has_linenumber_table']),
      ),
      header: bytes('ConstMethod'),
      holder: at('ConstantPool._pool_holder'),
      poolHeader: bytes('ConstantPool'),
      className: at('Klass._name'),
      fileInPool: offsets.get('ConstantPool._source_file_name_index'),
      fileInClass: offsets.get('InstanceKlass._source_file_name_index'),
      // Where both share a number, the length is its upper half.
      symbolLength: has('Symbol._length_and_refcount') ? at('Symbol._length_and_refcount') + 2 : at('Symbol._length'),
      symbolBody: at('Symbol._body', 'Symbol._body[0]'),
    },
    entry: {
      returnAddress: needed(statics.get('StubRoutines._call_stub_return_address')),
      wrapper: needed(constants.get('frame::entry_frame_call_wrapper_offset')) * WORD,
      lastSp: at('JavaCallWrapper._anchor') + at('JavaFrameAnchor._last_Java_sp'),
      lastFp: at('JavaCallWrapper._anchor') + at('JavaFrameAnchor._last_Java_fp'),
      lastPc: at('JavaCallWrapper._anchor') + at('JavaFrameAnchor._last_Java_pc'),
    },
    excluded: major >= 20 ? 1 : 0,
    // Not in the tables: interpreter_frame_bcp_offset (frame_x86.hpp). JDK 9 put the mirror of the class before it.
    bytecode: (major >= 9 ? -8 : -7) * WORD,
  };
  const { list, single } = layout.heaps;
  return isWhole && (list !== undefined || single !== undefined) ? layout : undefined;
}

/** JDK 23 moved what does not change out of the code, and JDK 25 what does change. */
function scopesOf(
  at: (...names: readonly string[]) => number,
  has: (name: string) => boolean,
): Pick<ScopesLayout, 'places' | 'placesEnd' | 'texts' | 'methods'> {
  if (!has('nmethod._immutable_data')) {
    return {
      places: { plus: [at('nmethod._scopes_pcs_offset')] },
      placesEnd: { plus: [at('nmethod._dependencies_offset')] },
      texts: has('nmethod._scopes_data_offset')
        ? { plus: [at('nmethod._scopes_data_offset')] }
        : { from: at('CompiledMethod._scopes_data_begin', 'nmethod._scopes_data_begin') },
      methods: { plus: [at('nmethod._metadata_offset')] },
    };
  }
  const from = at('nmethod._immutable_data');
  const texts = { from, plus: [at('nmethod._scopes_data_offset')] };
  return {
    places: { from, plus: [at('nmethod._scopes_pcs_offset')] },
    // The texts follow the places.
    placesEnd: texts,
    texts,
    methods: has('CodeBlob._mutable_data')
      ? { from: at('CodeBlob._mutable_data'), plus: [at('CodeBlob._relocation_size')] }
      : { plus: [at('CodeBlob._data_offset')], plusShort: at('nmethod._metadata_offset') },
  };
}
