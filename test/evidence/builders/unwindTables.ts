import { PT_GNU_EH_FRAME } from '../../../src/evidence/elf/elf.ts';
import { ByteWriter, sleb, uleb } from './byteWriter.ts';
import { EXECUTABLE, elfImage, READABLE, type SectionSpec } from './elfImage.ts';

/** Call frame instructions, named as in the DWARF standard. */
export const cfi = {
  nop: [0] as number[],
  advance: (by: number): number[] => [0x40 | by],
  advance1: (by: number): number[] => [2, by],
  advance2: (by: number): number[] => [3, by & 0xff, by >> 8],
  advance4: (by: number): number[] => [4, by & 0xff, (by >> 8) & 0xff, (by >> 16) & 0xff, by >> 24],
  offset: (register: number, factored: number): number[] => [0x80 | register, ...uleb(factored)],
  offsetExtended: (register: number, factored: number): number[] => [5, ...uleb(register), ...uleb(factored)],
  offsetExtendedSf: (register: number, factored: number): number[] => [0x11, ...uleb(register), ...sleb(factored)],
  negativeOffset: (register: number, factored: number): number[] => [0x2f, ...uleb(register), ...uleb(factored)],
  restore: (register: number): number[] => [0xc0 | register],
  restoreExtended: (register: number): number[] => [6, ...uleb(register)],
  undefinedRule: (register: number): number[] => [7, ...uleb(register)],
  sameValue: (register: number): number[] => [8, ...uleb(register)],
  inRegister: (register: number, other: number): number[] => [9, ...uleb(register), ...uleb(other)],
  remember: [0x0a] as number[],
  recall: [0x0b] as number[],
  defCfa: (register: number, offset: number): number[] => [0x0c, ...uleb(register), ...uleb(offset)],
  defCfaRegister: (register: number): number[] => [0x0d, ...uleb(register)],
  defCfaOffset: (offset: number): number[] => [0x0e, ...uleb(offset)],
  defCfaSf: (register: number, factored: number): number[] => [0x12, ...uleb(register), ...sleb(factored)],
  defCfaOffsetSf: (factored: number): number[] => [0x13, ...sleb(factored)],
  defCfaExpression: (...code: number[]): number[] => [0x0f, ...uleb(code.length), ...code],
  expression: (register: number, ...code: number[]): number[] => [
    0x10,
    ...uleb(register),
    ...uleb(code.length),
    ...code,
  ],
  valOffset: (register: number, factored: number): number[] => [0x14, ...uleb(register), ...uleb(factored)],
  valOffsetSf: (register: number, factored: number): number[] => [0x15, ...uleb(register), ...sleb(factored)],
  valExpression: (register: number, ...code: number[]): number[] => [
    0x16,
    ...uleb(register),
    ...uleb(code.length),
    ...code,
  ],
  argsSize: (size: number): number[] => [0x2e, ...uleb(size)],
};

export interface FunctionSpec {
  readonly start: number;
  readonly length: number;
  readonly code?: readonly number[];
}

export interface UnitSpec {
  readonly augmentation?: string;
  readonly version?: number;
  /** What every function of the unit begins with: CFA = rsp + 8, return address at CFA - 8. */
  readonly code?: readonly number[];
  readonly functions: readonly FunctionSpec[];
}

export const TEXT_AT = 0x1000;
export const HEADER_AT = 0x4000;
export const FRAMES_AT = 0x5000;
const PCREL_SDATA4 = 0x1b;
const RSP = 7;
const RA = 16;
export const USUAL: readonly number[] = [...cfi.defCfa(RSP, 8), ...cfi.offset(RA, 1)];

/** A small ELF file with code at 0x1000, `.eh_frame_hdr` at 0x4000 and `.eh_frame` at 0x5000. */
export function elfWithRules(units: readonly UnitSpec[], more: readonly SectionSpec[] = []): Buffer {
  const frames = new ByteWriter();
  const found: { start: number; record: number }[] = [];
  for (const unit of units) {
    const common = FRAMES_AT + frames.length;
    frames.buffer(commonRecord(unit));
    for (const one of unit.functions) {
      const record = FRAMES_AT + frames.length;
      found.push({ start: one.start, record });
      frames.buffer(functionRecord(one, record, common, unit.augmentation ?? 'zR'));
    }
  }
  const text = { name: '.text', bytes: Buffer.alloc(0x1000, 0x90), address: TEXT_AT };
  const header = { name: '.eh_frame_hdr', bytes: searchTable(found), address: HEADER_AT };
  const body = { name: '.eh_frame', bytes: frames.u32(0).done(), address: FRAMES_AT };
  return elfImage([text, header, body, ...more], {
    segments: [
      { type: 1, flags: EXECUTABLE, sections: ['.text'] },
      { type: 1, flags: READABLE, sections: ['.eh_frame_hdr', '.eh_frame'] },
      { type: PT_GNU_EH_FRAME, flags: READABLE, sections: ['.eh_frame_hdr'] },
    ],
  });
}

function commonRecord({ augmentation = 'zR', code = USUAL, version = 1 }: UnitSpec): Buffer {
  const data = augmentationData(augmentation);
  const body = new ByteWriter().u32(0).bytes(version).text(augmentation).uleb(1).sleb(-8);
  body.bytes(RA);
  if (augmentation.startsWith('z')) body.uleb(data.length).bytes(...data);
  return record(body.bytes(...code).done());
}

/** Data of the letters R (how pointers are encoded), L and P. */
function augmentationData(augmentation: string): number[] {
  return [...augmentation.slice(1)].flatMap((letter) => {
    if (letter === 'R' || letter === 'L') return [PCREL_SDATA4];
    return letter === 'P' ? [PCREL_SDATA4, 1, 2, 3, 4] : [];
  });
}

function functionRecord(
  { code = [], length, start }: FunctionSpec,
  at: number,
  common: number,
  letters: string,
): Buffer {
  const body = new ByteWriter()
    .u32(at + 4 - common)
    .i32(start - (at + 8))
    .u32(length);
  if (letters.startsWith('z')) body.uleb(0);
  return record(body.bytes(...code).done());
}

/** Padded with DW_CFA_nop, as assemblers do. */
function record(body: Buffer): Buffer {
  const padded = Buffer.alloc(Math.ceil(body.length / 4) * 4);
  body.copy(padded);
  return new ByteWriter().u32(padded.length).buffer(padded).done();
}

function searchTable(found: readonly { readonly start: number; readonly record: number }[]): Buffer {
  const writer = new ByteWriter().bytes(1, PCREL_SDATA4, 0x03, 0x3b);
  writer.i32(FRAMES_AT - (HEADER_AT + 4)).u32(found.length);
  for (const { record: at, start } of found.toSorted((a, b) => a.start - b.start)) {
    writer.i32(start - HEADER_AT).i32(at - HEADER_AT);
  }
  return writer.done();
}
