import type { FrameReader } from '../../../src/evidence/creators/makers/frameReader.ts';
import { type RubyLayout, rubyLayout } from '../../../src/evidence/ruby/layout.ts';
import { rubyFrames } from '../../../src/evidence/ruby/rubyFrames.ts';
import { type KernelRoot, kernelRoot } from '../../../src/procfs/root.ts';
import { FakeMemory } from './fakeMemory.ts';
import { INTERPRETER_BASE, inside, interpreterFile } from './interpreterFile.ts';
import { processOf } from './program.ts';
import { type FakeStep, PID } from './pythonMaker.ts';

/** Objects of Ruby lie from here on. */
export const RUBY_HEAP = 0x7e00_0000_0000;
const VM_STACK = 0x7e10_0000_0000;
const LOOP = 0x1100;
const FORK = 0x1200;
const VERSION_AT = 0x1f00;
const SLOT = 0x4000;

export interface FakeIseq {
  readonly name: string;
  readonly file: string;
  /** The line of each word of its code. */
  readonly lines: readonly number[];
}

/** MRI of one version, in a memory that is made up. */
export class RubyHeap {
  readonly memory: FakeMemory = new FakeMemory();
  readonly layout: RubyLayout;
  readonly #version: string;
  #next = RUBY_HEAP;

  constructor(version: string) {
    this.#version = version;
    this.layout = rubyLayout(version) ?? (rubyLayout('3.1.2') as RubyLayout);
  }

  take(): number {
    const at = this.#next;
    this.#next += SLOT;
    this.memory.write(at, Buffer.alloc(SLOT));
    return at;
  }

  text(text: string): number {
    const at = this.take();
    const isLong = text.length > 23;
    const { isCountedText } = this.layout;
    this.memory.word(at, 5 | (isLong ? 1 << 13 : isCountedText ? 0 : text.length << 14));
    if (isLong || isCountedText) this.memory.word(at + 16, text.length);
    if (isLong) this.memory.word(at + 24, at + 64);
    this.memory.write(isLong ? at + 64 : at + (isCountedText ? 24 : 16), Buffer.from(text));
    return at;
  }

  /** An array that holds its values itself. */
  array(...values: readonly number[]): number {
    const at = this.take();
    this.memory.word(at, 7 | (1 << 13)).words(at + 16, ...values);
    return at;
  }

  /** Returns its address, and where the instruction behind a word of its code is. */
  iseq({ file, lines, name }: FakeIseq): { readonly address: number; readonly behind: (word: number) => number } {
    const [address, body, code] = [this.take(), this.take(), this.take()];
    const { lineBytes, lines: at } = this.layout;
    const [table, index] = [this.take(), this.take()];
    const path = this.array(this.text(file), this.text(`/real/${file}`));
    this.memory.word(address, 0x701a).word(address + 16, body);
    this.memory
      .int32(body, 1)
      .int32(body + 4, lines.length)
      .word(body + 8, code);
    this.memory.word(body + 64, path).word(body + 80, this.text(name));
    const begins = lines.map((line, word) => word === 0 || line !== lines[word - 1]);
    const entries = lines.filter((_, word) => begins[word]);
    for (const [entry, line] of entries.entries()) this.memory.int32(table + lineBytes * entry, line);
    this.memory
      .word(body + at.at, table)
      .int32(body + at.count, entries.length)
      .word(body + at.index, index);
    this.memory.write(index, succinct(begins));
    return { address, behind: (word) => code + 8 * (word + 1) };
  }

  /** Control frames one above the other, the innermost first: each of an object and a counter, or of a function in C. Returns where. */
  control(frames: readonly (readonly [iseq: number, pc: number] | 'C')[], start: number = VM_STACK): readonly number[] {
    return frames.map((frame, index) => {
      const at = start + this.layout.frameBytes * index;
      const [iseq, pc] = frame === 'C' ? [0, 0] : frame;
      this.memory
        .write(at, Buffer.alloc(this.layout.frameBytes))
        .word(at, pc)
        .word(at + 16, iseq);
      return at;
    });
  }

  open(root: KernelRoot = kernelRoot('/nowhere')): FrameReader | undefined {
    const file = interpreterFile('/usr/lib/libruby-3.1.so.3.1', {
      functions: { [LOOP]: 'sets registers', [FORK]: 'plain' },
      symbols: { ruby_version: VERSION_AT },
      data: { [VERSION_AT]: Buffer.from(`${this.#version}\0`) },
    });
    return rubyFrames.open({ root, pid: PID, runtimes: ['ruby'], native: processOf([file], this.memory) });
  }
}

/** A frame of the interpreter's loop; what it called left its registers as they were. */
export const loopStep = (pc: number, control: number): FakeStep => {
  return { pc: inside(LOOP), words: [0, 0, 0, 0], registers: { 14: pc, 15: control } };
};
/** A function in C between two of them. */
export const plainStep = (pc: number = inside(FORK)): FakeStep => ({ pc, words: [0], registers: { 14: 1, 15: 1 } });
/** Code that was made at run time. */
export const generatedStep = (): FakeStep => plainStep(INTERPRETER_BASE + 0x10_0000);

/** `succ_index_table_create` in iseq.c: for each word, how many entries have begun by then. */
function succinct(begins: readonly boolean[]): Buffer {
  const bytes = Buffer.alloc(48 + 80 * (Math.floor(begins.length / 512) + 1));
  const or = (at: number, bits: bigint): void => {
    bytes.writeBigUInt64LE(bytes.readBigUInt64LE(at) | bits, at);
  };
  let rank = 0;
  for (const [word, isBegin] of begins.entries()) {
    const within = word - 54;
    const block = 48 + 80 * Math.floor(within / 512);
    if (within >= 0 && within % 512 === 0) bytes.writeUInt32LE(rank, block);
    const part = Math.floor((within % 512) / 64);
    if (within >= 0 && within % 64 === 0 && part > 0) {
      or(block + 8, BigInt(rank - bytes.readUInt32LE(block)) << BigInt(9 * (part - 1)));
    }
    rank += isBegin ? 1 : 0;
    if (within < 0) or(8 * Math.floor(word / 9), BigInt(rank) << BigInt(7 * (word % 9)));
    else if (isBegin) or(block + 16 + 8 * part, 1n << BigInt(within % 64));
  }
  return bytes;
}
