import type { Frame } from '../../../core/stack.ts';
import type { Caught } from '../../creators/makers/frameReader.ts';
import { readWord } from '../../creators/trace/record.ts';
import type { Memory } from '../../native/processMemory.ts';
import type { Attribute } from '../attribute.ts';
import type { CodeObjects } from '../codeObjects.ts';
import type { PythonRuntime } from '../runtime.ts';

/** How far above the stack pointer the new thread's first function is looked for: it is handed down through few calls. */
const WITHIN = 2048;
/** Without a place that is known, every so many records are searched: those that are known by notes need none. */
const SEARCH_EVERY = 16;
const MOST_KNOWN = 16;
const LEAST_ADDRESS = 65_536;
const MOST_ADDRESS = 2 ** 47;
/** Of an object: its type. Of a bound method: its function and the object. Of a function: its code (3.10 on). */
const TYPE = 8;
const METHOD = { function: 16, self: 24, bytes: 32 };
const FUNCTION_CODE = 48;
const BOOTSTRAP = /^(Thread\.)?_bootstrap$/;

/** What is read of the new thread: its `threading.Thread`, and what that runs. */
export class NewThread {
  readonly #memory: Memory;
  readonly #codes: CodeObjects;
  readonly #target: Attribute;
  readonly #types: { readonly method: number | undefined; readonly function: number | undefined };
  /** Bytes above the stack pointer, where the method was found before. */
  readonly #places = new Set<number>();
  #missed = 0;

  constructor(memory: Memory, { exported }: PythonRuntime, codes: CodeObjects, target: Attribute) {
    this.#memory = memory;
    this.#codes = codes;
    this.#target = target;
    this.#types = { method: exported('PyMethod_Type'), function: exported('PyFunction_Type') };
  }

  /** The Thread object whose bound method `_bootstrap` the maker hands to the new thread; `undefined` if there is none. */
  selfOf({ record: { stack } }: Caught): number | undefined {
    for (const place of this.#places) {
      const self = this.#selfAt(stack, place);
      if (self !== undefined) return self;
    }
    this.#missed += 1;
    if (this.#missed % SEARCH_EVERY !== 1) return undefined;
    for (let place = 0; place < Math.min(WITHIN, stack.length); place += 8) {
      const self = this.#selfAt(stack, place);
      if (self === undefined) continue;
      if (this.#places.size < MOST_KNOWN) this.#places.add(place);
      return self;
    }
    return undefined;
  }

  /** The first line of the function that a Thread object runs; `undefined` for anything but a function or a method. */
  targetOf(self: number): Frame | undefined {
    const target = this.#target.valueOf(self);
    if (target === undefined) return undefined;
    const callee = this.#isA(target, this.#types.method) ? this.#word(target + METHOD.function) : target;
    return callee === undefined ? undefined : this.#functionAt(callee);
  }

  #selfAt(stack: Buffer, place: number): number | undefined {
    const address = place + 8 <= stack.length ? readWord(stack, place) : 0;
    if (address % 8 !== 0 || address < LEAST_ADDRESS || address > MOST_ADDRESS) return undefined;
    const method = this.#memory.read(address, METHOD.bytes);
    if (method?.length !== METHOD.bytes || readWord(method, TYPE) !== this.#types.method) return undefined;
    const name = this.#functionAt(readWord(method, METHOD.function))?.function ?? '';
    return BOOTSTRAP.test(name) ? readWord(method, METHOD.self) : undefined;
  }

  #functionAt(address: number): Frame | undefined {
    const code = this.#isA(address, this.#types.function) ? this.#word(address + FUNCTION_CODE) : undefined;
    const start = code === undefined ? undefined : this.#codes.instructionsOf(code)?.start;
    return code === undefined || start === undefined ? undefined : this.#codes.frameOf(code, start);
  }

  #isA(address: number, type: number | undefined): boolean {
    return type !== undefined && this.#word(address + TYPE) === type;
  }

  #word(address: number): number | undefined {
    const bytes = this.#memory.read(address, 8);
    return bytes?.length === 8 ? readWord(bytes, 0) : undefined;
  }
}
