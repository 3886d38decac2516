import type { Frame } from '../../core/stack.ts';
import type { Memory } from '../native/processMemory.ts';
import type { PythonLayout } from './layout.ts';
import { lineOf } from './lines.ts';
import type { PythonObjects } from './objects.ts';

/** No object lies below this address. */
const LEAST_ADDRESS = 4096;
/** From 3.14 on the low bits of a reference are flags. */
const TAGS = 8;

interface Code {
  readonly name: string;
  readonly file: string;
  readonly firstLine: number;
  readonly table: Buffer;
  /** The address of its first instruction. */
  readonly start: number;
  /** By the offset of the instruction. */
  readonly frames: Map<number, Frame>;
}

/** The functions of a program. They are few, and each is read once. */
export class CodeObjects {
  readonly #memory: Memory;
  readonly #layout: PythonLayout;
  readonly #objects: PythonObjects;
  readonly #codes = new Map<number, Code | undefined>();

  constructor(memory: Memory, layout: PythonLayout, objects: PythonObjects) {
    this.#memory = memory;
    this.#layout = layout;
    this.#objects = objects;
  }

  /** The frame of a reference to code and of its instruction; `undefined` if it is no code that can be read. */
  frameOf(reference: number, instruction: number): Frame | undefined {
    const code = this.#codeAt(reference - (reference % TAGS));
    if (code === undefined) return undefined;
    const offset = this.#layout.code.instructions === undefined ? instruction : instruction - code.start;
    let known = code.frames.get(offset);
    if (known === undefined) {
      const line = lineOf(this.#layout.lineTable, code.table, code.firstLine, Math.max(0, offset));
      known = { function: code.name, file: code.file, line: line ?? code.firstLine };
      code.frames.set(offset, known);
    }
    return known;
  }

  #codeAt(address: number): Code | undefined {
    if (!this.#codes.has(address)) {
      this.#codes.set(address, address < LEAST_ADDRESS ? undefined : this.#read(address));
    }
    return this.#codes.get(address);
  }

  #read(address: number): Code | undefined {
    const { code: at } = this.#layout;
    const window = this.#memory.window(0, 256);
    const pointerAt = (offset: number): number => window.readWord(address + offset) ?? 0;
    const firstLine = window.readInt32(address + at.firstLine);
    const name = this.#objects.text(pointerAt(at.name));
    const file = this.#objects.text(pointerAt(at.filename));
    const table = this.#objects.bytes(pointerAt(at.lines));
    // What is no code object gives no names: nothing is better than a guess.
    if (firstLine === undefined || name === undefined || file === undefined || table === undefined) return undefined;
    return { name, file, firstLine, table, start: address + (at.instructions ?? 0), frames: new Map() };
  }
}
