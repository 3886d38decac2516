import { type HeapObject, isPointer, smallInteger, type V8Heap, wordAt } from './heap.ts';
import { type Script, Scripts } from './scripts.ts';
import { textOf } from './texts.ts';

/** A function as it is written in the source, whatever closures there are of it. */
export interface SourceFunction {
  readonly name: string;
  /** `undefined` for a function of the language itself. */
  readonly script: Script | undefined;
  /** From its parameters to its end; `undefined` where that is not known. */
  readonly range: { readonly start: number; readonly end: number } | undefined;
}

/** A function that was found in a frame. */
export interface FoundFunction {
  readonly source: SourceFunction;
  /** The pointer to what all its closures share. */
  readonly shared: number;
  /** Its bytecodes, or the machine code of the baseline compiler; something else for a function of the language itself. */
  readonly data: number;
  /** The variables around the closure. */
  readonly context: number;
  /** The machine code that its next call runs; NaN where that is not told. */
  readonly code: number;
}

const FUNCTION_BYTES = 64;
const SHARED_BYTES = 56;
const MOST_KNOWN = 4096;
const MOST_NAME = 256;
/** Types of functions, those of classes and of built-in constructors included, stand together. */
const FUNCTION_TYPES = 20;
/** Behind its local variables a scope has the name of its function, where it was written, and the scope around it. */
const MOST_BEHIND = 7;
/** V8 keeps up to so many names in the scope itself, more of them in a table. */
const MOST_INLINE_NAMES = 75;
const MOST_LOCALS = 100_000;

/** The functions of one process. */
export class Functions {
  readonly #heap: V8Heap;
  readonly #scripts: Scripts;
  readonly #known = new Map<number, { readonly bytes: Buffer; readonly source: SourceFunction }>();

  constructor(heap: V8Heap) {
    this.#heap = heap;
    this.#scripts = new Scripts(heap);
  }

  /** The function behind a closure. A young closure may just have been moved: then its place says where to. */
  functionAt(pointer: number): FoundFunction | undefined {
    const { function: fields, shared: sharedFields, types } = this.#heap.layout;
    const closure = this.#heap.object(pointer, FUNCTION_BYTES) ?? this.#moved(pointer);
    if (closure === undefined || closure.type < types.function || closure.type >= types.function + FUNCTION_TYPES) {
      return undefined;
    }
    const shared = this.#heap.objectOf(types.shared, wordAt(closure.bytes, fields.shared), SHARED_BYTES);
    const source = shared === undefined ? undefined : this.#sourceOf(shared);
    if (shared === undefined || source === undefined) return undefined;
    return {
      source,
      shared: shared.pointer,
      data: wordAt(shared.bytes, sharedFields.data),
      context: wordAt(closure.bytes, fields.context),
      code: fields.code === undefined ? Number.NaN : wordAt(closure.bytes, fields.code),
    };
  }

  /** A function by what all its closures share. */
  sourceAt(shared: number): SourceFunction | undefined {
    const found = this.#heap.objectOf(this.#heap.layout.types.shared, shared, SHARED_BYTES);
    return found === undefined ? undefined : this.#sourceOf(found);
  }

  /** A collection leaves the new address in place of the map, without the tag of a pointer. */
  #moved(pointer: number): HeapObject | undefined {
    const bytes = isPointer(pointer) ? this.#heap.bytesOf(pointer, 0, 8) : undefined;
    const to = bytes === undefined ? Number.NaN : wordAt(bytes, 0);
    return to % 8 === 0 ? this.#heap.object(to + 1, FUNCTION_BYTES) : undefined;
  }

  /** `undefined` where its script cannot be read: a debugger puts something else into its place. */
  #sourceOf({ bytes, pointer }: HeapObject): SourceFunction | undefined {
    const { shared, types } = this.#heap.layout;
    const { nameOrScope, script } = shared;
    const known = this.#known.get(pointer);
    // Its code changes while it is made faster; the rest is the same as long as it is the same function.
    const identity = bytes.subarray(Math.min(nameOrScope, script), Math.max(nameOrScope, script) + 8);
    if (known?.bytes.equals(identity) === true) return known.source;
    const found = this.#scripts.scriptAt(wordAt(bytes, script));
    const isOfLanguage = this.#heap.object(wordAt(bytes, script), 16)?.type === types.oddball;
    if (found === undefined && !isOfLanguage) return undefined;
    const source = { ...this.#scopeOf(wordAt(bytes, nameOrScope)), script: found };
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(pointer, { bytes: identity, source });
    return source;
  }

  #scopeOf(pointer: number): Pick<SourceFunction, 'name' | 'range'> {
    const { scopeInfo, types } = this.#heap.layout;
    const found = this.#heap.object(pointer, 64);
    if (found === undefined) return { name: '', range: undefined };
    if (found.type < types.firstNonString) {
      return { name: textOf(this.#heap, pointer, MOST_NAME) ?? '', range: undefined };
    }
    const locals = smallInteger(wordAt(found.bytes, scopeInfo.locals));
    if (found.type !== types.scopeInfo || locals === undefined || locals < 0 || locals > MOST_LOCALS) {
      return { name: '', range: undefined };
    }
    const names = locals < MOST_INLINE_NAMES ? locals : 1;
    const behind = this.#heap.bytesOf(pointer, scopeInfo.first + 8 * (names + locals), 8 * MOST_BEHIND);
    if (behind === undefined) return { name: '', range: undefined };
    return this.#behindLocals(behind, found.bytes);
  }

  /**
   * The name, a small integer for where the function itself is kept, the name that was guessed from the source or
   * `undefined`, start and end: each may be missing. What follows them is an object that is no text (V8's src/objects/scope-info.tq). Newer
   * versions have start and end before the local variables.
   */
  #behindLocals(behind: Buffer, head: Buffer): Pick<SourceFunction, 'name' | 'range'> {
    const { locals, first } = this.#heap.layout.scopeInfo;
    const numbers: number[] = [];
    let name = '';
    for (let at = 0; at < behind.length; at += 8) {
      const word = wordAt(behind, at);
      const number = smallInteger(word);
      if (number !== undefined) numbers.push(number);
      else {
        const text = textOf(this.#heap, word, MOST_NAME);
        const { oddball } = this.#heap.layout.types;
        if (text === undefined && this.#heap.object(word, 16)?.type !== oddball) break;
        if (name === '') name = text ?? '';
        numbers.length = 0;
      }
    }
    const isBefore = first >= locals + 24;
    const [start, end] = isBefore
      ? [smallInteger(wordAt(head, locals + 8)), smallInteger(wordAt(head, locals + 16))]
      : numbers.slice(-2);
    const isRange = start !== undefined && end !== undefined && start >= 0 && start < end;
    return { name, range: isRange ? { start, end } : undefined };
  }
}
