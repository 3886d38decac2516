import type { FoundFunction, Functions, SourceFunction } from './functions.ts';
import { type HeapObject, smallInteger, type V8Heap, wordAt } from './heap.ts';
import { bytecodeOffsetAt } from './positions.ts';

const CODE_BYTES = 64;
const MOST_KNOWN = 4096;
const MOST_INLINED = 64;
/** Bytes of a table, or instructions of a function. */
export const MOST_CODE: number = 1 << 18;

/** What V8 keeps of the machine code that it has made. */
export class MachineCode {
  readonly #heap: V8Heap;
  readonly #functions: Functions;
  readonly #inlined = new Map<number, { readonly identity: Buffer; readonly functions: readonly SourceFunction[] }>();

  constructor(heap: V8Heap, functions: Functions) {
    this.#heap = heap;
    this.#functions = functions;
  }

  /** The bytecodes of a function, through its baseline code or the copy that it has for a profiler. */
  bytecodesOf(data: number): number | undefined {
    const { code, types } = this.#heap.layout;
    const found = this.#heap.object(data, CODE_BYTES);
    if (found?.type === types.bytecodes) return data;
    if (found?.type === types.interpreterData) return wordAt(found.bytes, 8);
    return found?.type === types.code ? wordAt(found.bytes, code.data) : undefined;
  }

  /** The machine code of the baseline compiler for these bytecodes, if it is what `pc`, a return address, is in. */
  baselineAt(data: number, bytecodes: HeapObject, pc: number): HeapObject | undefined {
    const { code, types } = this.#heap.layout;
    const found = this.#heap.objectOf(types.code, data, CODE_BYTES);
    const isOfThese = found !== undefined && wordAt(found.bytes, code.data) === bytecodes.pointer;
    return isOfThese && this.#isWithin(found, pc) ? found : undefined;
  }

  /** The instruction of the interpreter that baseline code is in; `undefined` without the sizes of instructions. */
  baselineOffset({ bytes }: HeapObject, bytecodes: HeapObject, pc: number): number | undefined {
    const { bytecodeSizes: sizes, bytecodes: fields, code } = this.#heap.layout;
    const length = smallInteger(wordAt(bytecodes.bytes, fields.length));
    if (length === undefined || length < 0 || length > MOST_CODE) return undefined;
    const table = this.#heap.byteArrayAt(wordAt(bytes, code.offsets), MOST_CODE);
    const instructions = this.#heap.bytesOf(bytecodes.pointer, fields.data, length);
    if (table === undefined || instructions === undefined) return undefined;
    return bytecodeOffsetAt(pc - wordAt(bytes, code.start), table, { code: instructions, sizes });
  }

  /** What was inlined into the optimised code of a function; `undefined` if that is not the code that `pc` is in. */
  inlinedAt({ code, shared }: FoundFunction, pc: number): readonly SourceFunction[] | undefined {
    const found = this.#heap.objectOf(this.#heap.layout.types.code, code, CODE_BYTES);
    if (found === undefined || !this.#isWithin(found, pc)) return undefined;
    // Where its instructions and its data are.
    const identity = found.bytes.subarray(8, 48);
    const known = this.#inlined.get(code);
    if (known?.identity.equals(identity) === true) return known.functions;
    const functions = this.#readInlined(wordAt(found.bytes, this.#heap.layout.code.data), shared);
    if (functions === undefined) return undefined;
    if (this.#inlined.size >= MOST_KNOWN) this.#inlined.clear();
    this.#inlined.set(code, { identity, functions });
    return functions;
  }

  #isWithin({ bytes }: HeapObject, pc: number): boolean {
    const { size, start } = this.#heap.layout.code;
    const within = pc - wordAt(bytes, start);
    return within > 0 && within <= bytes.readInt32LE(size);
  }

  /** The first literals that a deoptimisation needs are the functions that were inlined. */
  #readInlined(data: number, shared: number): readonly SourceFunction[] | undefined {
    const { deoptimization: fields } = this.#heap.layout;
    if (fields.shared === undefined || this.#heap.elementOf(data, fields.shared) !== shared) return undefined;
    const count = smallInteger(this.#heap.elementOf(data, fields.inlinedCount));
    const literals = this.#heap.elementOf(data, fields.literals);
    if (count === undefined || count < 0 || count > MOST_INLINED) return undefined;
    const functions: SourceFunction[] = [];
    for (let index = 0; index < count; index += 1) {
      const word = this.#heap.elementOf(literals, index);
      // Weak pointers have one more bit set.
      const source = this.#functions.sourceAt(word % 4 === 3 ? word - 2 : word);
      if (source === undefined) return undefined;
      functions.push(source);
    }
    return functions;
  }
}
