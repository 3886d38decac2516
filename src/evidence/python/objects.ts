import type { Memory } from '../native/processMemory.ts';
import { BYTES, type PythonLayout, TEXT } from './layout.ts';

/** A text that is longer is no name of a function, a file or a thread. */
const MOST_TEXT = 1_024;
/** The line table of the largest function is far smaller. */
const MOST_TABLE = 1 << 20;

/** Reads values of CPython by their addresses. `undefined` for bytes that are not the kind of value they are taken for. */
export class PythonObjects {
  readonly #memory: Memory;
  readonly #layout: PythonLayout;

  constructor(memory: Memory, layout: PythonLayout) {
    this.#memory = memory;
    this.#layout = layout;
  }

  text(address: number): string | undefined {
    const head = this.#memory.read(address, 48);
    if (head === undefined || head.length < 40) return undefined;
    const length = head.readUInt32LE(TEXT.length);
    const state = head.readUInt32LE(TEXT.state);
    const shape = shapeOf(state);
    if (length > MOST_TEXT || shape === undefined) return undefined;
    const { isAscii, width } = shape;
    const { ascii, compact } = this.#layout.text;
    const data = this.#memory.read(address + (isAscii ? ascii : compact), length * width);
    if (length === 0) return '';
    if (data === undefined || data.length < length * width) return undefined;
    if (width === 1) return data.toString('latin1');
    if (width === 2) return data.toString('utf16le');
    return String.fromCodePoint(
      ...Array.from({ length }, (_, index) => Math.min(0x10ffff, data.readUInt32LE(index * 4))),
    );
  }

  bytes(address: number): Buffer | undefined {
    const head = this.#memory.read(address, BYTES.data);
    if (head === undefined || head.length < BYTES.data) return undefined;
    const length = head.readUInt32LE(BYTES.length);
    if (length > MOST_TABLE) return undefined;
    return length === 0 ? Buffer.alloc(0) : this.#memory.read(address + BYTES.data, length);
  }
}

/**
 * How a text is stored (PEP 393). After the bits of interning (2, in newer builds 8 or 16) come three for the width of a
 * character, then one each for compact and ascii. `undefined` if it is no compact text.
 */
function shapeOf(state: number): { width: number; isAscii: boolean } | undefined {
  for (const shift of [2, 8, 16]) {
    const width = (state >> shift) & 7;
    const isCompact = ((state >> (shift + 3)) & 1) === 1;
    if (isCompact && (width === 1 || width === 2 || width === 4))
      return { width, isAscii: ((state >> (shift + 4)) & 1) === 1 };
  }
  return undefined;
}
