import type { FrameReader } from '../../../src/evidence/creators/makers/frameReader.ts';
import { type PhpLayout, phpLayout } from '../../../src/evidence/php/layout.ts';
import { phpFrames } from '../../../src/evidence/php/phpFrames.ts';
import { kernelRoot } from '../../../src/procfs/root.ts';
import { FakeMemory } from './fakeMemory.ts';
import { INTERPRETER_BASE, inside, interpreterFile } from './interpreterFile.ts';
import { processOf } from './program.ts';
import { type FakeStep, PID } from './pythonMaker.ts';

/** Objects of PHP lie from here on. */
export const PHP_HEAP = 0x7e00_0000_0000;
const LOOP = 0x1100;
const KIND = 0x1200;
const GLOBALS = 0x2000;
const REGISTRY = 0x2800;
const SLOT = 0x1000;
const HYBRID = Buffer.from('f30f1efab804000000c3', 'hex');

export interface FakeFunction {
  readonly name?: string;
  readonly file?: string;
  /** The line of each instruction. */
  readonly lines: readonly number[];
  /** The address of its class. */
  readonly scope?: number;
  readonly isEval?: boolean;
  /** Addresses of the functions without a name in it. */
  readonly closures?: readonly number[];
  /** Those of another function. */
  readonly code?: number;
}

/** PHP of one version, in a memory that is made up. */
export class PhpHeap {
  readonly memory: FakeMemory = new FakeMemory();
  readonly layout: PhpLayout;
  #next = PHP_HEAP;

  constructor(
    api = 20220829,
    { isThreaded = false, kind = HYBRID }: { readonly isThreaded?: boolean; readonly kind?: Buffer } = {},
  ) {
    this.layout = phpLayout(api) ?? (phpLayout(20220829) as PhpLayout);
    const entry = this.take();
    this.memory.int32(entry + 4, api).byte(entry + 9, isThreaded ? 1 : 0);
    this.memory.write(INTERPRETER_BASE + KIND, kind).write(INTERPRETER_BASE + GLOBALS, Buffer.alloc(0x1000));
    this.table(INTERPRETER_BASE + REGISTRY, entry);
    this.tables([], []);
  }

  take(): number {
    const at = this.#next;
    this.#next += SLOT;
    this.memory.write(at, Buffer.alloc(SLOT));
    return at;
  }

  text(text: string): number {
    const at = this.take();
    this.memory.word(at + 16, Buffer.byteLength(text)).write(at + 24, Buffer.from(text));
    return at;
  }

  table(at: number, ...values: readonly number[]): number {
    const data = this.take();
    this.memory
      .write(at, Buffer.alloc(32))
      .word(at + 16, data)
      .int32(at + 24, values.length);
    for (const [index, value] of values.entries())
      this.memory.word(data + 32 * index, value).int32(data + 32 * index + 8, 13);
    return at;
  }

  /** Returns its address, and that of each of its instructions. */
  function(of: FakeFunction): { readonly address: number; readonly op: (index: number) => number } {
    const { closures = [], file = '/srv/app.php', isEval = false, lines, name, scope = 0 } = of;
    const [address, code] = [this.take(), of.code ?? this.take()];
    const at = this.layout;
    this.memory.byte(address, isEval ? 4 : 2).word(address + 8, name === undefined ? 0 : this.text(name));
    this.memory
      .word(address + 16, scope)
      .int32(address + at.count, lines.length)
      .word(address + at.code, code);
    this.memory.word(address + at.file, this.text(file));
    this.memory.int32(address + at.file + 8, Math.min(...lines)).int32(address + at.file + 12, Math.max(...lines));
    const pointers = this.take();
    this.memory.words(pointers, ...closures).int32(address + at.closures.count, closures.length);
    this.memory.word(address + at.closures.at, pointers);
    for (const [index, line] of lines.entries()) this.memory.int32(code + 32 * index + 24, line);
    return { address, op: (index) => code + 32 * index };
  }

  native(): number {
    const address = this.take();
    this.memory.byte(address, 1);
    return address;
  }

  /** A class of the program; its methods are put into it later. */
  class(name: string): { readonly address: number; readonly own: (...methods: readonly number[]) => number } {
    const address = this.take();
    this.memory.byte(address, 2).word(address + 8, this.text(name));
    return { address, own: (...methods) => this.table(address + 64, ...methods) };
  }

  /** All functions and classes, in the order in which they were made. */
  tables(functions: readonly number[], classes: readonly number[]): this {
    this.memory.word(INTERPRETER_BASE + GLOBALS + 432, this.table(this.take(), ...functions));
    this.memory.word(INTERPRETER_BASE + GLOBALS + 440, this.table(this.take(), ...classes));
    return this;
  }

  /** Calls as they are now, the innermost first. Returns where the first is. */
  calls(...functions: readonly number[]): number {
    const places = functions.map(() => this.take());
    for (const [index, address] of functions.entries()) {
      const at = places[index] as number;
      this.memory.word(at + 24, address).word(at + 48, places[index + 1] ?? 0);
    }
    this.memory.word(INTERPRETER_BASE + GLOBALS + 488, places[0] ?? 0);
    return places[0] ?? 0;
  }

  open(): FrameReader | undefined {
    const file = interpreterFile('/usr/bin/php8.2', {
      functions: { [LOOP]: 'sets registers', 4864: 'plain' },
      symbols: { execute_ex: LOOP, zend_vm_kind: KIND, executor_globals: GLOBALS, module_registry: REGISTRY },
    });
    const root = kernelRoot('/nowhere');
    return phpFrames.open({ root, pid: PID, runtimes: ['php'], native: processOf([file], this.memory) });
  }
}

/** A run of `execute_ex`. */
export const phpLoop = (op: number, call = 0): FakeStep => {
  return { pc: inside(LOOP), words: [0, 0, 0, 0], registers: { 14: call, 15: op } };
};
/** A function in C. */
export const phpNative = (pc: number = inside(0x1300)): FakeStep => ({ pc, words: [0] });
/** Code that was made at run time. */
export const phpGenerated = (): FakeStep => phpNative(INTERPRETER_BASE + 0x10_0000);
