import type { Certainty } from '../../core/creators.ts';
import type { Frame } from '../../core/stack.ts';
import type {
  Caught,
  FrameReader,
  FrameReaderKind,
  MakerFrames,
  MakerProcess,
} from '../creators/makers/frameReader.ts';
import { readAt } from '../elf/elf.ts';
import { exportedAddress } from '../elf/exportedSymbols.ts';
import { RSP } from '../elf/unwindRule.ts';
import type { Module } from '../native/modules.ts';
import { isAddress } from '../native/readWhole.ts';
import { SlicedWork } from '../slicedWork.ts';
import { PERL } from './layout.ts';
import { learnTargets } from './learnTargets.ts';
import { type Target, Targets } from './targets.ts';
import { wordAt } from './texts.ts';

const FILE = /(^|\/)(perl[\d.]*|libperl\.so[.\d]*)$/;
/** Functions that keep the value for their result over a fork(2). */
const MAKING = ['Perl_pp_fork', 'Perl_pp_system', 'Perl_pp_backtick', 'Perl_pp_open'];
/** rbx, rbp, r12 to r15: what a function keeps over its calls. */
const KEPT = [3, 6, 12, 13, 14, 15];
/** Words of one frame. */
const MOST_WORDS = 512;

/**
 * The Perl code that makes processes, on x86-64. What runs is known only late, but a function that makes a process holds the value
 * for its result in a register, and that value belongs to one operation of one sub.
 */
export const perlFrames: FrameReaderKind = {
  runtime: 'perl',
  open: ({ native }) => {
    const library = native.modules.find((path) => path.includes('libperl') && FILE.test(path));
    const module = library ?? native.modules.find((path) => FILE.test(path));
    const making = module === undefined || !isKnown(module) ? new Set<number>() : makingIn(module);
    const current = module === undefined ? undefined : exportedAddress(module.elf, 'PL_curinterp');
    if (module === undefined || current === undefined || making.size === 0) return undefined;
    return new PerlReader(native, current + module.bias, making);
  },
};

function isKnown({ elf }: Module): boolean {
  const byteOf = (symbol: string): number | undefined => {
    const address = elf.isX64 ? exportedAddress(elf, symbol) : undefined;
    return address === undefined ? undefined : readAt(elf, address, 1)?.[0];
  };
  return byteOf('PL_revision') === PERL.revision && byteOf('PL_version') === PERL.version;
}

function makingIn({ bias, elf }: Module): ReadonlySet<number> {
  const addresses = MAKING.map((symbol) => exportedAddress(elf, symbol)).filter((address) => address !== undefined);
  return new Set(addresses.map((address) => address + bias));
}

class PerlReader implements FrameReader {
  readonly #native: MakerProcess['native'];
  readonly #making: ReadonlySet<number>;
  readonly #targets: Targets;
  readonly #search: SlicedWork;

  constructor(native: MakerProcess['native'], current: number, making: ReadonlySet<number>) {
    const { memory } = native;
    this.#native = native;
    this.#making = making;
    this.#targets = new Targets(memory);
    this.#search = new SlicedWork(() => {
      const interpreter = wordAt(memory, current) ?? 0;
      return learnTargets({ memory, interpreter, isMaking: (code) => making.has(code) }, this.#targets);
    });
  }

  framesOf({ readWord, record, steps }: Caught): MakerFrames | undefined {
    for (const [index, { pc, registers }] of steps.entries()) {
      const code = this.#native.source.ruleAt(index === 0 ? pc : pc - 1)?.functionStart;
      if (code === undefined || !this.#making.has(code)) continue;
      const kept = KEPT.map((number) => registers[number] as number);
      const words = [...kept, ...wordsOf(registers[RSP], steps[index + 1]?.registers[RSP], readWord)];
      const found = this.#find(words, code) ?? (this.#search.goOn(record.atMs) ? this.#find(words, code) : undefined);
      return found === undefined ? undefined : told(found);
    }
    return undefined;
  }

  /** The operations that the first value among these words belongs to. */
  #find(words: readonly number[], code: number): readonly Target[] | undefined {
    for (const word of words) {
      const found = isAddress(word) ? this.#targets.of(word, code) : [];
      if (found.length > 0) return found;
    }
    return undefined;
  }
}

/** The words that a function has on the stack. */
function wordsOf(start = 0, end = 0, readWord: Caught['readWord'] = () => undefined): readonly number[] {
  const count = Math.min(MOST_WORDS, Math.max(0, (end - start) / 8 || 0));
  return Array.from({ length: Math.floor(count) }, (_, index) => readWord(start + 8 * index) ?? 0);
}

/** A variable may take the results of several operations: then the line is not known, but the sub. */
function told(found: readonly Target[]): MakerFrames | undefined {
  const [{ file, line, sub } = { file: '', line: 0, sub: '' }, ...others] = found;
  if (others.some((other) => other.sub !== sub || other.file !== file)) return undefined;
  const isOneLine = others.every((other) => other.line === line);
  const frame: Frame = { function: sub, file, ...(isOneLine ? { line } : {}) };
  const certainty: Certainty = isOneLine ? 'exact' : 'function';
  return { runtime: 'perl', frames: [frame], certainty };
}
