import { FakeMemory } from './fakeMemory.ts';
import { V8_LAYOUT } from './v8Layout.ts';

/** Where the objects begin. */
export const HEAP_AT = 0x1234_0000_0000;
const FIXED_ARRAY = 175;
const CONTEXT = 150;
const ONE_BYTE = 8;

/** What a function of the heap is made from. */
export interface FakeFunction {
  readonly name: string;
  readonly script?: number;
  /** From its parameters to its end. */
  readonly range?: readonly [number, number];
  readonly locals?: readonly string[];
  readonly inferred?: string;
}

/** Tagged pointers to the parts of a function. */
export interface FakeClosure {
  readonly closure: number;
  readonly shared: number;
  readonly context: number;
  readonly bytecodes: number;
}

/** Objects of V8 in a memory that is made up. All methods give tagged pointers. */
export class V8Image {
  readonly memory: FakeMemory = new FakeMemory();
  readonly #maps = new Map<number, number>();
  #next = HEAP_AT;

  /** Behind the last object. */
  get end(): number {
    return this.#next;
  }

  small(value: number): number {
    return value * 2 ** 32;
  }

  text(text: string): number {
    const isOneByte = [...text].every((char) => char.charCodeAt(0) < 256);
    const at = this.#object(isOneByte ? ONE_BYTE : 0, 16 + 2 * text.length);
    this.memory.int32(at - 1 + 12, text.length).write(at - 1 + 16, Buffer.from(text, isOneByte ? 'latin1' : 'utf16le'));
    return at;
  }

  textOfLength(length: number): number {
    const at = this.text('');
    this.memory.int32(at - 1 + 12, length);
    return at;
  }

  cons(first: number, second: number, length: number): number {
    return this.#string(1, length, first, second);
  }

  sliced(parent: number, offset: number, length: number): number {
    return this.#string(3, length, parent, this.small(offset));
  }

  thin(actual: number): number {
    return this.#string(5, 5, actual, 0);
  }

  external(text: string): number {
    const chars = this.#take(text.length);
    this.memory.write(chars, Buffer.from(text, 'latin1'));
    return this.#string(2 | ONE_BYTE, text.length, 0x7000, chars);
  }

  script({ firstLine = 0, name, source }: { name: string; source: string; firstLine?: number }): number {
    const at = this.#object(V8_LAYOUT.types.script, 104);
    this.memory.words(at - 1 + 8, this.text(source), this.text(name), this.small(firstLine));
    return at;
  }

  bytes(bytes: Buffer): number {
    const at = this.#object(V8_LAYOUT.types.bytes[0] as number, 16 + bytes.length);
    this.memory.word(at - 1 + 8, this.small(bytes.length)).write(at - 1 + 16, bytes);
    return at;
  }

  array(...words: readonly number[]): number {
    const at = this.#object(FIXED_ARRAY, 16 + 8 * words.length);
    this.memory.words(at - 1 + 8, this.small(words.length), ...words);
    return at;
  }

  bytecodes(code: Buffer, positions: Buffer | undefined): number {
    const at = this.#object(V8_LAYOUT.types.bytecodes, 54 + code.length);
    const table = positions === undefined ? this.undefined() : this.bytes(positions);
    this.memory.words(at - 1 + 8, this.small(code.length), this.array(), this.bytes(Buffer.alloc(0)), table);
    this.memory.write(at - 1 + 54, code);
    return at;
  }

  undefined(): number {
    return this.#object(V8_LAYOUT.types.oddball, 48);
  }

  /** Its scope has its name and where it is, as of a function that was compiled. */
  function(
    { inferred, locals = [], name, range, script }: FakeFunction,
    code: { readonly bytecodes: number; readonly data?: number },
  ): FakeClosure {
    const shared = this.#object(V8_LAYOUT.types.shared, 56);
    const scope = this.#scope(name, inferred, locals, range);
    const data = code.data ?? code.bytecodes;
    this.memory.words(shared - 1 + 8, data, scope, this.undefined(), script ?? this.undefined());
    const context = this.#object(CONTEXT, 32);
    const closure = this.#object(V8_LAYOUT.types.function, 64);
    this.memory.words(closure - 1 + 24, shared, context, this.array(), 0);
    return { closure, shared, context, bytecodes: code.bytecodes };
  }

  /** Machine code at an address: of the baseline compiler if `data` are bytecodes. */
  code(data: number, offsets: number, start: number, size: number): number {
    const at = this.#object(V8_LAYOUT.types.code, 64);
    this.memory.words(at - 1 + 8, this.array(), data, offsets, 0x7001, start, 11).int32(at - 1 + 56, size);
    return at;
  }

  /** Lets a function run optimised code into which others were inlined. */
  optimise({ closure, shared }: FakeClosure, start: number, size: number, inlined: readonly FakeClosure[] = []): void {
    // Weak pointers, as V8 has them.
    const literals = this.array(...inlined.map((one) => one.shared + 2), this.small(1));
    const data = this.array(0, this.small(inlined.length), literals, 0, 0, 0, shared);
    this.memory.word(
      closure - 1 + (V8_LAYOUT.function.code as number),
      this.code(data, this.bytes(Buffer.alloc(0)), start, size),
    );
  }

  /** A frame of JavaScript: what lies below its frame pointer. `last` is an offset, or anything else of a frame. */
  frame(framePointer: number, { bytecodes, closure, context }: FakeClosure, last?: number): void {
    this.memory.words(framePointer - 40, last ?? this.array(), last === undefined ? 0 : bytecodes, 2, closure, context);
  }

  /** The offset of an instruction as a frame of the interpreter has it. */
  offset(within: number): number {
    return this.small(within + V8_LAYOUT.bytecodes.data - 1);
  }

  #scope(name: string, inferred: string | undefined, locals: readonly string[], range: FakeFunction['range']): number {
    const at = this.#object(V8_LAYOUT.types.scopeInfo, 96 + 16 * locals.length);
    const place = range === undefined ? [] : range.map((position) => this.small(position));
    this.memory.words(
      at - 1 + 8,
      this.small(0x171c2),
      this.small(1),
      this.small(locals.length),
      ...locals.map((local) => this.text(local)),
      ...locals.map(() => this.small(0x3fffc)),
      this.text(name),
      0xffff_ffff * 2 ** 32,
      inferred === undefined ? this.undefined() : this.text(inferred),
      ...place,
      this.array(),
    );
    return at;
  }

  #string(type: number, length: number, first: number, second: number): number {
    const at = this.#object(type, 32);
    this.memory.int32(at - 1 + 12, length).words(at - 1 + 16, first, second);
    return at;
  }

  #object(type: number, bytes: number): number {
    const map = this.#mapOf(type);
    const at = this.#take(bytes);
    this.memory.word(at, map);
    return at + 1;
  }

  #mapOf(type: number): number {
    const known = this.#maps.get(type);
    if (known !== undefined) return known;
    const at = this.#take(80);
    this.#maps.set(type, at + 1);
    const meta = type === V8_LAYOUT.types.map ? at + 1 : this.#mapOf(V8_LAYOUT.types.map);
    const bytes = Buffer.alloc(16);
    bytes.writeBigUInt64LE(BigInt(meta));
    bytes.writeUInt16LE(type, V8_LAYOUT.instanceType);
    this.memory.write(at, bytes);
    return at + 1;
  }

  /** More than what is asked for, so that the beginning of a small object can be read as that of a large one. */
  #take(bytes: number): number {
    const at = this.#next;
    this.#next += Math.ceil((bytes + 64) / 64) * 64;
    this.memory.write(at, Buffer.alloc(this.#next - at));
    return at;
  }
}
