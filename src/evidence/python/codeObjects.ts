import type { Frame } from '../../core/stack.ts';
import type { MemoryWindow } from '../native/memoryWindow.ts';
import type { Memory } from '../native/processMemory.ts';
import { BYTES, type PythonLayout } from './layout.ts';
import { lineOf } from './lines.ts';
import type { PythonObjects } from './objects.ts';

/** No object lies below this address. */
const LEAST_ADDRESS = 4096;
/** From 3.14 on the low bits of a reference are flags. */
const TAGS = 8;
/** Functions that are remembered, and places in one. A large program runs some thousands. */
const MOST_CODES = 20_000;
const MOST_PLACES = 4_096;
/** Of a code object: how many instructions it has (3.11 on), or where they are (`co_code`, to 3.10). */
const SIZE = 16;
const CO_CODE = 48;
const UNIT_BYTES = 2;
/** The largest function that was ever seen has some hundred thousand. */
const MOST_INSTRUCTION_BYTES = 1 << 24;

interface Code {
  readonly head: Head;
  readonly name: string;
  readonly file: string;
  readonly table: Buffer;
  /** The address of its first instruction. */
  readonly start: number;
  /** By the offset of the instruction. */
  readonly frames: Map<number, Frame>;
}

/** What is at an address, as it was looked at in a round. */
interface Known {
  readonly code: Code | undefined;
  readonly round: number;
  /** Where its instructions were in the round before. */
  readonly before: Instructions | undefined;
  instructions?: Instructions | undefined;
}

/** What tells one code object from another at the same address. */
interface Head {
  readonly firstLine: number;
  readonly name: number;
  readonly file: number;
  readonly lines: number;
}

/** Addresses from the first instruction of a function to behind its last. */
export interface Instructions {
  readonly start: number;
  readonly end: number;
}

/** The functions of a program. They are few, and each is read once. */
export class CodeObjects {
  readonly #layout: PythonLayout;
  readonly #objects: PythonObjects;
  readonly #window: MemoryWindow;
  readonly #codes = new Map<number, Known>();
  #round = 0;

  constructor(memory: Memory, layout: PythonLayout, objects: PythonObjects) {
    this.#layout = layout;
    this.#objects = objects;
    this.#window = memory.window(0, 256);
  }

  /** The frame of a reference to code and of its instruction; `undefined` if it is no code that can be read. */
  frameOf(reference: number, instruction: number): Frame | undefined {
    const code = this.#knownAt(reference - (reference % TAGS)).code;
    if (code === undefined) return undefined;
    const offset = this.#layout.code.instructions === undefined ? instruction : instruction - code.start;
    let known = code.frames.get(offset);
    if (known === undefined) {
      if (code.frames.size >= MOST_PLACES) code.frames.clear();
      const line = lineOf(this.#layout.lineTable, code.table, code.head.firstLine, Math.max(0, offset));
      known = { function: code.name, file: code.file, line: line ?? code.head.firstLine };
      code.frames.set(offset, known);
    }
    return known;
  }

  /** Where its instructions are. */
  instructionsOf(reference: number): Instructions | undefined {
    const address = reference - (reference % TAGS);
    const known = this.#knownAt(address);
    if (known.code !== undefined && known.instructions === undefined)
      known.instructions = this.#findInstructions(address) ?? known.before;
    return known.instructions;
  }

  /** From now on each function is looked at once more before it is believed: another one may be at its address. */
  renew(): void {
    this.#round += 1;
  }

  #knownAt(address: number): Known {
    const known = this.#codes.get(address);
    if (known?.round === this.#round) return known;
    if (this.#codes.size >= MOST_CODES) this.#codes.clear();
    const head = address < LEAST_ADDRESS ? undefined : this.#headOf(address);
    // Of a process that has ended nothing can be read, but what was known of it stays true.
    const isSame = known?.code !== undefined && (head === undefined || isEqual(known.code.head, head));
    const code = isSame ? known.code : head === undefined ? undefined : this.#read(head, address);
    const found: Known = { code, round: this.#round, before: isSame ? known.instructions : undefined };
    this.#codes.set(address, found);
    return found;
  }

  #findInstructions(address: number): Instructions | undefined {
    const window = this.#window;
    window.refresh();
    const inside = this.#layout.code.instructions;
    const bytes = inside === undefined ? window.readWord(address + CO_CODE) : address;
    const size = bytes === undefined ? undefined : window.readWord(bytes + SIZE);
    const length = inside === undefined ? size : (size ?? 0) * UNIT_BYTES;
    if (bytes === undefined || !length || length > MOST_INSTRUCTION_BYTES) return undefined;
    const start = bytes + (inside ?? BYTES.data);
    return { start, end: start + length };
  }

  #headOf(address: number): Head | undefined {
    const { code: at } = this.#layout;
    const window = this.#window;
    window.refresh();
    const firstLine = window.readInt32(address + at.firstLine);
    const wordAt = (offset: number): number => window.readWord(address + offset) ?? 0;
    if (firstLine === undefined) return undefined;
    return { firstLine, name: wordAt(at.name), file: wordAt(at.filename), lines: wordAt(at.lines) };
  }

  #read(head: Head, address: number): Code | undefined {
    const name = this.#objects.text(head.name);
    const file = this.#objects.text(head.file);
    const table = this.#objects.bytes(head.lines);
    // What is no code object gives no names: nothing is better than a guess.
    if (name === undefined || file === undefined || table === undefined) return undefined;
    const start = address + (this.#layout.code.instructions ?? 0);
    return { head, name, file, table, start, frames: new Map() };
  }
}

function isEqual(one: Head, other: Head): boolean {
  return (
    one.firstLine === other.firstLine && one.name === other.name && one.file === other.file && one.lines === other.lines
  );
}
