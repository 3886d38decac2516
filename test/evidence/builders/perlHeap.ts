import type { FrameReader } from '../../../src/evidence/creators/makers/frameReader.ts';
import { perlFrames } from '../../../src/evidence/perl/perlFrames.ts';
import { kernelRoot } from '../../../src/procfs/root.ts';
import { FakeMemory } from './fakeMemory.ts';
import { INTERPRETER_BASE, inside, interpreterFile } from './interpreterFile.ts';
import { processOf } from './program.ts';
import { type FakeStep, PID } from './pythonMaker.ts';

/** Objects of Perl lie from here on. */
export const PERL_HEAP = 0x7e00_0000_0000;
const FORK = 0x1100;
const SYSTEM = 0x1200;
const OTHER = 0x1300;
const VERSION_AT = 0x1f00;
const CURRENT = 0x2000;
const SLOT = 0x800;
const IN_BLOCK = 4;

/** The functions of C that run operations. */
export const PP: Readonly<Record<'fork' | 'system' | 'other', number>> = {
  fork: INTERPRETER_BASE + FORK,
  system: INTERPRETER_BASE + SYSTEM,
  other: INTERPRETER_BASE + OTHER,
};

/** An operation. A statement and one that was left out have a line. */
export type FakeOp =
  | { readonly kind: 'statement' | 'left out'; readonly line: number }
  | { readonly kind: 'fork' | 'system' | 'other'; readonly target?: number; readonly kids?: readonly FakeOp[] };

/** Perl 5.36 with threads, in a memory that is made up. */
export class PerlHeap {
  readonly memory: FakeMemory = new FakeMemory();
  readonly interpreter: number;
  readonly #version: readonly [number, number];
  readonly #file: number;
  #next = PERL_HEAP;
  #heads: number[] = [];

  constructor(revision = 5, version = 36) {
    this.#version = [revision, version];
    this.interpreter = this.take();
    this.memory.word(INTERPRETER_BASE + CURRENT, this.interpreter);
    this.#file = this.take();
    this.memory.write(this.#file, Buffer.from('app.pl\0'));
  }

  take(): number {
    const at = this.#next;
    this.#next += SLOT;
    this.memory.write(at, Buffer.alloc(SLOT));
    return at;
  }

  /** Operations one after another, each with its kids. */
  tree(ops: readonly FakeOp[]): number {
    const places = ops.map(() => this.take());
    for (const [index, op] of ops.entries()) {
      const at = places[index] as number;
      const sibling = places[index + 1];
      let bits = 400;
      if ('line' in op) {
        this.memory.int32(at + 36, op.line).word(at + 48, op.kind === 'statement' ? this.#file : 0);
        bits = op.kind === 'statement' ? 195 : 0;
        this.memory.word(at + 24, op.kind === 'statement' ? 0 : 195);
      } else {
        this.memory.word(at + 16, PP[op.kind]).word(at + 24, op.target ?? 0);
        if (op.kids !== undefined) this.memory.word(at + 40, this.tree(op.kids)).byte(at + 34, 4);
      }
      if (sibling !== undefined) this.memory.word(at + 8, sibling);
      this.memory.write(at + 32, Buffer.from([bits & 0xff, (bits >> 8) | (sibling === undefined ? 0 : 0x40)]));
    }
    return places[0] ?? 0;
  }

  /** A sub, with the values of its pad. Returns where its code value is, and where the pad has its values. */
  sub(name: string, tree: number, values: readonly number[]): { readonly code: number; readonly slots: number } {
    const [body, list, pad, slots] = [this.take(), this.take(), this.take(), this.take()];
    const pads = this.take();
    this.memory
      .word(body + 32, this.#stash('main'))
      .word(body + 48, tree)
      .word(body + 56, this.#hek(name));
    this.memory.word(body + 72, pads).int32(body + 92, 0x8000);
    this.memory
      .words(pads, 1, list)
      .word(list + 8, pad)
      .word(pad + 16, slots)
      .words(slots, ...values);
    const code = this.#head(body, 13);
    return { code, slots };
  }

  /** The code outside of subs. */
  main(tree: number, values: readonly number[]): number {
    const { code } = this.sub('', 0, values);
    this.memory.word(this.interpreter + 1800, code).word(this.interpreter + 1808, tree);
    return code;
  }

  value(): number {
    return this.take();
  }

  open(): FrameReader | undefined {
    const [revision, version] = this.#version;
    const file = interpreterFile('/usr/bin/perl', {
      functions: { [FORK]: 'plain', [SYSTEM]: 'plain', [OTHER]: 'plain' },
      symbols: {
        ...{ Perl_pp_fork: FORK, Perl_pp_system: SYSTEM, PL_curinterp: CURRENT },
        ...{ PL_revision: VERSION_AT, PL_version: VERSION_AT + 1 },
      },
      data: { [VERSION_AT]: Buffer.from([revision, version]) },
    });
    const root = kernelRoot('/nowhere');
    return perlFrames.open({ root, pid: PID, runtimes: ['perl'], native: processOf([file], this.memory) });
  }

  /** A head of a value; a block of them is begun for every few. */
  #head(body: number, type: number): number {
    const index = (this.#heads.length % (IN_BLOCK - 1)) + 1;
    if (index === 1) {
      const block = this.take();
      const before = Math.floor((this.#heads.at(-1) ?? 0) / SLOT) * SLOT;
      this.memory.int32(block + 8, IN_BLOCK);
      this.memory.word(before === 0 ? this.interpreter + 256 : before, block);
    }
    const block = index === 1 ? this.#next - SLOT : Math.floor((this.#heads.at(-1) ?? 0) / SLOT) * SLOT;
    const at = block + 24 * index;
    this.memory.word(at, body).int32(at + 12, type);
    this.#heads.push(at);
    return at;
  }

  #stash(name: string): number {
    const [stash, body] = [this.take(), this.take()];
    this.memory.word(stash, body).word(body + 32, this.#hek(name));
    return stash;
  }

  #hek(name: string): number {
    const at = this.take();
    this.memory.int32(at + 4, name.length).write(at + 8, Buffer.from(name));
    return at;
  }
}

/** A frame of a function that makes a process, with what it keeps in rbx. */
export const makingStep = (code: number, value: number, words: readonly number[] = [0, 0]): FakeStep => {
  return { pc: inside(code - INTERPRETER_BASE), words, registers: { 3: value } };
};
