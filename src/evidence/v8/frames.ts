import type { Memory } from '../native/processMemory.ts';
import { type FoundFunction, Functions, type SourceFunction } from './functions.ts';
import { type HeapObject, isPointer, smallInteger, V8Heap, wordAt } from './heap.ts';
import type { V8Layout } from './layout.ts';
import { MachineCode, MOST_CODE } from './machineCode.ts';
import { positionOf } from './positions.ts';

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

/** What is known of the bytecodes of a function. */
interface KnownCode {
  /** The head of the array: where its constants and its tables are. No two functions have the same. */
  readonly identity: Buffer;
  readonly source: SourceFunction;
  /** Its baseline code, once it has some. */
  data: number;
  /** Instructions by return addresses in that. */
  readonly offsets: Map<number, number | undefined>;
  readonly lines: Map<number, number | undefined>;
}

const MOST_KNOWN = 2048;
/** Places of one function that were seen. */
const MOST_PLACES = 256;

/** Reads the frames of JavaScript in one process. */
export class JsFrames {
  readonly #heap: V8Heap;
  readonly #functions: Functions;
  readonly #machine: MachineCode;
  readonly #codes = new Map<number, KnownCode>();

  constructor(memory: Memory, layout: V8Layout) {
    this.#heap = new V8Heap(memory, layout);
    this.#functions = new Functions(this.#heap);
    this.#machine = new MachineCode(this.#heap, this.#functions);
  }

  /**
   * The frame at a place of which `readWord` has the stack. `'none'` for code that is no JavaScript; `undefined` for a
   * frame of JavaScript that cannot be read any more.
   */
  frameAt(place: FramePlace, readWord: (address: number) => number | undefined): JsFrame | 'none' | undefined {
    const { bytecodes: fields, frame, types } = this.#heap.layout;
    const slot = (offset: number): number => readWord(place.framePointer + offset) ?? Number.NaN;
    const [closure, context] = [slot(frame.function), slot(frame.context)];
    // All other frames of V8 have a number there that says what they are.
    if (!isPointer(context) || !isPointer(closure)) return 'none';
    const bytecodes = this.#heap.objectOf(types.bytecodes, slot(frame.bytecodes), fields.data);
    if (!place.isInFile) {
      return bytecodes === undefined
        ? this.#optimised(closure, context, place.pc)
        : this.#compiled(closure, bytecodes, place.pc);
    }
    const offset = smallInteger(slot(frame.bytecodeOffset));
    if (bytecodes === undefined || offset === undefined) {
      // A function of the language has no script. One with a script should not be here.
      return this.#functions.functionAt(closure)?.source.script === undefined ? 'none' : undefined;
    }
    const code = this.#codeOf(bytecodes, closure);
    // The offset counts from the pointer to the array, which is its address and 1.
    return code && this.#unoptimised(code, bytecodes, offset + 1 - fields.data);
  }

  /** Baseline code has the frame of the interpreter. So has code that was optimised in the middle of a loop. */
  #compiled(closure: number, bytecodes: HeapObject, pc: number): JsFrame | undefined {
    const code = this.#codeOf(bytecodes, closure);
    if (code === undefined) return undefined;
    let baseline = this.#machine.baselineAt(code.data, bytecodes, pc);
    if (baseline === undefined) {
      // It may have got its baseline code since.
      const found = this.#functionOf(closure, bytecodes);
      if (found !== undefined && found.data !== code.data) {
        code.data = found.data;
        code.offsets.clear();
      }
      baseline = this.#machine.baselineAt(code.data, bytecodes, pc);
    }
    if (baseline === undefined) return { source: code.source, line: undefined, inlined: undefined };
    const machineCode = baseline;
    const offset = remembered(code.offsets, pc, () => this.#machine.baselineOffset(machineCode, bytecodes, pc));
    return this.#unoptimised(code, bytecodes, offset);
  }

  /**
   * The frame of optimised code has the closure alone, and that may have been replaced by another one since. It is the same
   * if it has the code that the frame is in, or the variables that the frame was entered with.
   */
  #optimised(closure: number, context: number, pc: number): JsFrame | undefined {
    const found = this.#functions.functionAt(closure);
    if (found === undefined) return undefined;
    const inlined = this.#machine.inlinedAt(found, pc);
    if (inlined === undefined && found.context !== context) return undefined;
    return { source: found.source, line: undefined, inlined };
  }

  /** The code of a frame. Bytecodes stay where they are much longer than a closure does. */
  #codeOf(bytecodes: HeapObject, closure: number): KnownCode | undefined {
    const known = this.#codes.get(bytecodes.pointer);
    // Up to the size of its frame: what follows counts how long it was not used.
    const identity = bytecodes.bytes.subarray(8, 48);
    if (known?.identity.equals(identity) === true) return known;
    const found = this.#functionOf(closure, bytecodes);
    if (found === undefined) return undefined;
    if (this.#codes.size >= MOST_KNOWN) this.#codes.clear();
    const { data, source } = found;
    const code = { identity: Buffer.from(identity), source, data, offsets: new Map(), lines: new Map() };
    this.#codes.set(bytecodes.pointer, code);
    return code;
  }

  /** The function of a closure, if the bytecodes are its own: by now it may be another one. */
  #functionOf(closure: number, bytecodes: HeapObject): FoundFunction | undefined {
    const found = this.#functions.functionAt(closure);
    return found !== undefined && this.#machine.bytecodesOf(found.data) === bytecodes.pointer ? found : undefined;
  }

  #unoptimised({ lines, source }: KnownCode, bytecodes: HeapObject, offset: number | undefined): JsFrame {
    if (offset === undefined) return { source, line: undefined, inlined: [] };
    const line = remembered(lines, offset, () => this.#lineOf(source, bytecodes, offset));
    return { source, line, inlined: [] };
  }

  /** By its table of positions. V8 may make that only when it is needed (`--enable-lazy-source-positions`). */
  #lineOf({ range, script }: SourceFunction, { bytes }: HeapObject, offset: number): number | undefined {
    const { bytecodes: fields } = this.#heap.layout;
    const length = smallInteger(wordAt(bytes, fields.length));
    if (length === undefined || offset < 0 || offset >= length) return undefined;
    const table = this.#heap.byteArrayAt(wordAt(bytes, fields.positions), MOST_CODE);
    const position = table === undefined ? undefined : positionOf(table, offset);
    if (position === undefined || position < (range?.start ?? 0) || position >= (range?.end ?? Infinity)) {
      return undefined;
    }
    return script?.lineAt(position);
  }
}

function remembered<T>(known: Map<number, T>, key: number, find: () => T): T {
  if (known.has(key)) return known.get(key) as T;
  if (known.size >= MOST_PLACES) known.clear();
  const found = find();
  known.set(key, found);
  return found;
}
