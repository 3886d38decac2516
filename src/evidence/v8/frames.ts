import type { Memory } from '../native/processMemory.ts';
import { type FoundFunction, Functions, type SourceFunction } from './functions.ts';
import { type HeapObject, isPointer, smallInteger, V8Heap, wordAt } from './heap.ts';
import type { V8Layout } from './layout.ts';
import { bytecodeOffsetAt, positionOf } from './positions.ts';

/** A frame of JavaScript. */
export interface JsFrame {
  readonly source: SourceFunction;
  /** Its line, if that is sure. */
  readonly line: number | undefined;
  /** Functions that were compiled into it, whose frames are not seen; `undefined` where these are not known. */
  readonly inlined: readonly SourceFunction[] | undefined;
}

/** Where a frame stands. */
export interface FramePlace {
  readonly pc: number;
  readonly framePointer: number;
  /** Whether its code is of a file: then it is the interpreter, or a function of the language itself. */
  readonly isInFile: boolean;
}

const MOST_KNOWN = 4096;
const MOST_LINES = 16_384;
const MOST_CODE = 1 << 20;
const MOST_INLINED = 256;
const CODE_BYTES = 64;
const ARRAY_DATA_AT = 16;

/** What is known of the bytecodes of a function. */
interface KnownCode {
  /** The head of the array: where its constants and its tables are. No two functions have the same. */
  readonly identity: Buffer;
  readonly source: SourceFunction;
}

/** Reads the frames of JavaScript in one process. */
export class JsFrames {
  readonly #heap: V8Heap;
  readonly #layout: V8Layout;
  readonly #functions: Functions;
  readonly #codes = new Map<number, KnownCode>();
  readonly #inlined = new Map<number, { readonly identity: Buffer; readonly functions: JsFrame['inlined'] }>();
  readonly #lines = new Map<KnownCode, Map<number, number | undefined>>();

  constructor(memory: Memory, layout: V8Layout) {
    this.#heap = new V8Heap(memory, layout);
    this.#layout = layout;
    this.#functions = new Functions(this.#heap);
  }

  /**
   * The frame at a place of which `readWord` has the stack. `'none'` for code that is no JavaScript; `undefined` for a
   * frame of JavaScript that cannot be read any more.
   */
  frameAt(place: FramePlace, readWord: (address: number) => number | undefined): JsFrame | 'none' | undefined {
    const { frame } = this.#layout;
    const slot = (offset: number): number => readWord(place.framePointer + offset) ?? Number.NaN;
    // All other frames of V8 have a number there that says what they are.
    if (!isPointer(slot(frame.context)) || !isPointer(slot(frame.function))) return 'none';
    const bytecodes = this.#bytecodesAt(slot(frame.bytecodes));
    if (place.isInFile) {
      const offset = smallInteger(slot(frame.bytecodeOffset));
      if (bytecodes === undefined || offset === undefined) return 'none';
      const code = this.#codeOf(bytecodes, slot(frame.function));
      // The offset counts from the pointer to the array, which is its address and 1.
      return code && this.#unoptimised(code, bytecodes, offset + 1 - this.#layout.bytecodes.data);
    }
    const found = this.#functions.functionAt(slot(frame.function));
    if (found === undefined) return undefined;
    // Optimised code may have the frame of the interpreter below its own, so it is the address that tells.
    const machineCode = bytecodes === undefined ? undefined : this.#baselineAt(found, bytecodes, place.pc);
    if (bytecodes === undefined || machineCode === undefined) return this.#optimised(found, place.pc);
    const offset = this.#baselineOffset(machineCode, bytecodes, place.pc);
    return this.#unoptimised(this.#remember(bytecodes, found.source), bytecodes, offset);
  }

  #bytecodesAt(pointer: number): HeapObject | undefined {
    const { bytecodes, types } = this.#layout;
    return this.#heap.objectOf(types.bytecodes, pointer, bytecodes.data);
  }

  /** The code of a frame, if its closure is the one that the bytecodes are of: by now it may be another one. */
  #codeOf(bytecodes: HeapObject, closure: number): KnownCode | undefined {
    const known = this.#codes.get(bytecodes.pointer);
    if (known?.identity.equals(this.#identity(bytecodes)) === true) return known;
    const found = this.#functions.functionAt(closure);
    if (found === undefined || this.#bytecodesOf(found.data) !== bytecodes.pointer) return undefined;
    return this.#remember(bytecodes, found.source);
  }

  #remember(bytecodes: HeapObject, source: SourceFunction): KnownCode {
    const known = this.#codes.get(bytecodes.pointer);
    const identity = this.#identity(bytecodes);
    if (known?.source === source && known.identity.equals(identity)) return known;
    const code = { identity: Buffer.from(identity), source };
    if (this.#codes.size >= MOST_KNOWN) {
      this.#codes.clear();
      this.#lines.clear();
    }
    this.#codes.set(bytecodes.pointer, code);
    return code;
  }

  /** Up to the size of its frame: what follows counts how long it was not used. */
  #identity({ bytes }: HeapObject): Buffer {
    return bytes.subarray(8, 48);
  }

  /** The bytecodes of a function, through the machine code or the copy that it has for a profiler. */
  #bytecodesOf(data: number): number | undefined {
    const { code, types } = this.#layout;
    const found = this.#heap.object(data, CODE_BYTES);
    if (found?.type === types.bytecodes) return data;
    if (found?.type === types.interpreterData) return wordAt(found.bytes, 8);
    return found?.type === types.code ? wordAt(found.bytes, code.data) : undefined;
  }

  #unoptimised(code: KnownCode, bytecodes: HeapObject, offset: number | undefined): JsFrame {
    const line = offset === undefined ? undefined : this.#lineAt(code, bytecodes, offset);
    return { source: code.source, line, inlined: [] };
  }

  #lineAt(code: KnownCode, bytecodes: HeapObject, offset: number): number | undefined {
    const lines = this.#lines.get(code) ?? new Map<number, number | undefined>();
    this.#lines.set(code, lines);
    if (!lines.has(offset)) {
      if (lines.size >= MOST_LINES) lines.clear();
      lines.set(offset, this.#lineOf(code.source, bytecodes, offset));
    }
    return lines.get(offset);
  }

  /** By its table of positions. V8 makes that only when it is needed (`--enable-lazy-source-positions`). */
  #lineOf({ range, script }: SourceFunction, bytecodes: HeapObject, offset: number): number | undefined {
    const { layout } = this.#heap;
    const length = smallInteger(wordAt(bytecodes.bytes, layout.bytecodes.length));
    if (length === undefined || offset < 0 || offset >= length) return undefined;
    const table = this.#byteArrayAt(wordAt(bytecodes.bytes, layout.bytecodes.positions));
    if (table === undefined || table.length === 0) return undefined;
    const position = positionOf(table, offset);
    const isWithin =
      position !== undefined && (range === undefined || (position >= range.start && position < range.end));
    return isWithin ? script?.lineAt(position) : undefined;
  }

  #byteArrayAt(pointer: number): Buffer | undefined {
    const found = this.#heap.object(pointer, ARRAY_DATA_AT);
    if (found === undefined || !this.#layout.types.bytes.includes(found.type)) return undefined;
    const length = smallInteger(wordAt(found.bytes, 8));
    if (length === undefined || length < 0 || length > MOST_CODE) return undefined;
    return this.#heap.bytesOf(pointer, ARRAY_DATA_AT, length);
  }

  /** The machine code of the baseline compiler, if it is what the frame is in. */
  #baselineAt({ data }: FoundFunction, bytecodes: HeapObject, pc: number): HeapObject | undefined {
    const { code, types } = this.#layout;
    const found = this.#heap.objectOf(types.code, data, CODE_BYTES);
    const isOfThese = found !== undefined && wordAt(found.bytes, code.data) === bytecodes.pointer;
    return isOfThese && this.#isWithin(found, pc) ? found : undefined;
  }

  /** `pc` is a return address. */
  #isWithin({ bytes }: HeapObject, pc: number): boolean {
    const { size, start } = this.#layout.code;
    const within = pc - wordAt(bytes, start);
    return within > 0 && within <= bytes.readInt32LE(size);
  }

  #baselineOffset({ bytes }: HeapObject, bytecodes: HeapObject, pc: number): number | undefined {
    const { bytecodeSizes: sizes, bytecodes: fields, code } = this.#layout;
    const length = smallInteger(wordAt(bytecodes.bytes, fields.length));
    if (length === undefined || length < 0 || length > MOST_CODE) return undefined;
    const table = this.#byteArrayAt(wordAt(bytes, code.offsets));
    const instructions = this.#heap.bytesOf(bytecodes.pointer, fields.data, length);
    if (table === undefined || instructions === undefined) return undefined;
    return bytecodeOffsetAt(pc - wordAt(bytes, code.start), table, { code: instructions, sizes });
  }

  #optimised({ code, shared, source }: FoundFunction, pc: number): JsFrame {
    const found = this.#heap.objectOf(this.#layout.types.code, code, CODE_BYTES);
    // A function may have other machine code by now than what the frame is in.
    const inlined = found !== undefined && this.#isWithin(found, pc) ? this.#inlinedInto(found, shared) : undefined;
    return { source, line: undefined, inlined };
  }

  /** The first literals that a deoptimisation needs are the functions that were inlined. */
  #inlinedInto(code: HeapObject, shared: number): readonly SourceFunction[] | undefined {
    const identity = code.bytes.subarray(8, 48);
    const known = this.#inlined.get(code.pointer);
    if (known?.identity.equals(identity) === true) return known.functions;
    const functions = this.#readInlined(wordAt(code.bytes, this.#layout.code.data), shared);
    if (this.#inlined.size >= MOST_KNOWN) this.#inlined.clear();
    this.#inlined.set(code.pointer, { identity: Buffer.from(identity), functions });
    return functions;
  }

  #readInlined(data: number, shared: number): readonly SourceFunction[] | undefined {
    const { deoptimization } = this.#layout;
    if (deoptimization.shared === undefined || this.#elementOf(data, deoptimization.shared) !== shared)
      return undefined;
    const count = smallInteger(this.#elementOf(data, deoptimization.inlinedCount));
    const literals = this.#elementOf(data, deoptimization.literals);
    if (count === undefined || count < 0 || count > MOST_INLINED) return undefined;
    const functions: SourceFunction[] = [];
    for (let index = 0; index < count; index += 1) {
      const word = this.#elementOf(literals, index);
      // Weak pointers have one more bit set.
      const source = this.#functions.sourceAt(word % 4 === 3 ? word - 2 : word);
      if (source === undefined) return undefined;
      functions.push(source);
    }
    return functions;
  }

  #elementOf(array: number, index: number): number {
    const bytes = isPointer(array) ? this.#heap.bytesOf(array, ARRAY_DATA_AT + 8 * index, 8) : undefined;
    return bytes === undefined ? Number.NaN : wordAt(bytes, 0);
  }
}
