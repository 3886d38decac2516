import { describe, expect, it } from 'vitest';
import { readLayout } from '../../../src/evidence/v8/layout.ts';
import { elfImage, elfOf } from '../builders/elfImage.ts';
import { V8_CONSTANTS, v8File } from '../builders/v8File.ts';
import { V8_LAYOUT } from '../builders/v8Layout.ts';

const layoutOf = (constants: Readonly<Record<string, number>>) => readLayout(elfOf(v8File('/node', constants).image));

describe('readLayout', () => {
  it('is that of Node 20', () => {
    expect(layoutOf(V8_CONSTANTS)).toEqual(V8_LAYOUT);
  });
  it('is that of newer versions, which have other names for the same', () => {
    const newer = Object.entries(V8_CONSTANTS).map(([name, value]) => {
      const renamed = name.replace('name_or_scope_info__Object', 'name_or_scope_info__Tagged_Object_');
      return [renamed.replace('script_or_debug_info__HeapObject', 'script__Tagged_HeapObject_'), value] as const;
    });
    const more = {
      class_BytecodeArray__wrapper__Tagged_BytecodeWrapper_: 16,
      type_TrustedByteArray__TRUSTED_BYTE_ARRAY_TYPE: 212,
    };
    const layout = layoutOf({ ...Object.fromEntries(newer), ...more });
    expect(layout?.shared).toEqual(V8_LAYOUT.shared);
    expect([layout?.bytecodes.positions, layout?.types.bytes]).toEqual([24, [190, 212]]);
  });
  it.for(['TaggedSize', 'off_fp_function', 'type_Code__CODE_TYPE', 'class_Script__source__Object'])(
    'is none without %s',
    (name) => {
      const { [name]: _, ...others } = V8_CONSTANTS;
      expect(layoutOf(others)).toBeUndefined();
    },
  );
  it.for([
    ['TaggedSize', 4],
    ['SmiShiftSize', 0],
    ['off_fp_bytecode_offset', -4096],
    ['off_fp_function', 16],
    ['class_Map__instance_type__uint16_t', 1000],
    ['class_JSFunction__shared__SharedFunctionInfo', -8],
    ['class_BytecodeArray__data__uintptr_t', 2 ** 30],
    ['scopeinfo_idx_first_vars', 2 ** 20],
    ['DeoptimizationDataLiteralArrayIndex', -1],
  ] as const)('is none where %s is %i', ([name, value]) => {
    expect(layoutOf({ ...V8_CONSTANTS, [name]: value })).toBeUndefined();
  });
  it('is none of a file without V8', () => {
    expect(readLayout(elfOf(elfImage([])))).toBeUndefined();
  });
});
