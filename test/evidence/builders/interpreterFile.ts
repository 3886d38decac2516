import type { FrameReader, MakerFrames } from '../../../src/evidence/creators/makers/frameReader.ts';
import { hashSection, symbolSections } from './elfImage.ts';
import type { Mapped } from './program.ts';
import { caughtOf, type FakeStep } from './pythonMaker.ts';
import { cfi, elfWithRules } from './unwindTables.ts';

/** Where a made-up interpreter is mapped. */
export const INTERPRETER_BASE = 0x5600_0000_0000;
const FUNCTION_BYTES = 0x100;

/** A place inside of a function of it. */
export const inside = (start: number): number => INTERPRETER_BASE + start + 0x10;

/**
 * The file of an interpreter. Its functions have 0x100 bytes each, and those that are named set r14 and r15. `data` is what lies at
 * addresses among its code.
 */
export function interpreterFile(
  path: string,
  {
    data = {},
    functions,
    symbols = {},
  }: {
    readonly functions: Readonly<Record<number, 'plain' | 'sets registers'>>;
    readonly symbols?: Readonly<Record<string, number>>;
    readonly data?: Readonly<Record<number, Buffer>>;
  },
): Mapped {
  const rules = Object.entries(functions).map(([start, kind]) => ({
    start: Number(start),
    length: FUNCTION_BYTES,
    code: kind === 'plain' ? [] : [...cfi.offset(14, 2), ...cfi.offset(15, 3)],
  }));
  const exported = Object.entries(symbols).map(([name, start]) => ({ name, start, size: 8 }));
  const placed = Object.entries(data).map(([address, bytes]) => ({ name: '.data', bytes, address: Number(address) }));
  const more = [...placed, ...symbolSections(exported, true), hashSection(exported)];
  return { path, base: INTERPRETER_BASE, image: elfWithRules([{ functions: rules }], more) };
}

/** What a reader tells of a stack, as soon as it knows: a long search is done in slices, from one record to the next. */
export function toldOf(reader: FrameReader | undefined, steps: readonly FakeStep[]): MakerFrames | undefined {
  for (let atMs = 1_000; atMs < 3_000; atMs += 50) {
    const told = reader?.framesOf(caughtOf(steps, { atMs }));
    if (told !== undefined) return told;
  }
  return undefined;
}
