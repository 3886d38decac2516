/** Where MRI keeps what is read of it, on 64-bit Linux. Offsets are in bytes. */
export interface RubyLayout {
  /** Of `rb_control_frame_t`; the frame of the caller lies behind it. */
  readonly frameBytes: number;
  readonly isCountedText: boolean;
  /** Of `iseq_insn_info_entry`, which begins with the line. */
  readonly lineBytes: number;
  /** Of `rb_iseq_constant_body`: the table of lines, their number, the index of it. */
  readonly lines: { readonly at: number; readonly count: number; readonly index: number };
}

const OLD_LINES = { at: 120, count: 136, index: 144 } as const;
const NEW_LINES = { at: 112, count: 128, index: 136 } as const;

/**
 * From vm_core.h, iseq.h and internal/string.h of each version. 3.1 was measured; the others are checked by the shape of each
 * object that is read. What is not here is not read.
 */
const LAYOUTS: Readonly<Record<string, RubyLayout>> = {
  '3.0': { frameBytes: 56, isCountedText: false, lineBytes: 8, lines: OLD_LINES },
  '3.1': { frameBytes: 64, isCountedText: false, lineBytes: 12, lines: OLD_LINES },
  '3.2': { frameBytes: 64, isCountedText: true, lineBytes: 12, lines: NEW_LINES },
  '3.3': { frameBytes: 56, isCountedText: true, lineBytes: 12, lines: NEW_LINES },
};

/** By the text of `ruby_version`: `3.1.2`. `undefined` for a version that is not known. */
export function rubyLayout(version: string): RubyLayout | undefined {
  return LAYOUTS[/^(\d\.\d)\.\d+$/.exec(version)?.[1] ?? ''];
}

/** Of every version above. */
export const FRAME = { pc: 0, iseq: 16 } as const;
/** `rb_iseq_t`: its flags, then a pointer to its body. */
export const ISEQ = { bytes: 24, body: 16 } as const;
/** `rb_iseq_constant_body`, up to the index of its lines. */
export const BODY = { bytes: 152, type: 0, size: 4, code: 8, path: 64, label: 80 } as const;
