import { Cursor } from '../elf/bytes.ts';

/** A value of a recording: structures by field name, and references into a pool of constants. */
export type JfrValue =
  | number
  | string
  | undefined
  | JfrRef
  | readonly JfrValue[]
  | { readonly [field: string]: JfrValue };

export class JfrRef {
  readonly type: number;
  readonly key: number;

  constructor(type: number, key: number) {
    this.type = type;
    this.key = key;
  }
}

interface Field {
  readonly name: string;
  readonly type: number;
  readonly isConstant: boolean;
  readonly isArray: boolean;
}

interface Type {
  readonly name: string;
  readonly fields: readonly Field[];
}

/** An element of the metadata: a tree with attributes, all of it text. */
interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
}

const MAGIC = 'FLR\0';
const HEADER_BYTES = 68;
const MAJOR = 2;
const METADATA = 0;
const CHECKPOINT = 1;
/** Structures in structures: those of the JDK go four deep. */
const MOST_DEEP = 16;

/**
 * A chunk of a Java flight recording (JDK 9 and newer, format 2.x: `jdk.jfr.internal.consumer.ChunkHeader`, `ChunkParser`
 * and `MetadataReader` of OpenJDK): events of one type, with their constants. Also one that the JVM is still writing, or
 * was killed over: what it flushed is whole. Nothing throws; what cannot be read is not there.
 */
export class JfrChunk {
  /** Where the next chunk of the file begins. */
  readonly end: number;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #types = new Map<number, Type>();
  readonly #constants = new Map<number, Map<number, JfrValue>>();

  private constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.end = end;
    // Constants are described by the metadata, which may come after them.
    for (const { cursor, type } of this.#records()) if (type === METADATA) this.#readMetadata(cursor);
    for (const { cursor, type } of this.#records()) if (type === CHECKPOINT) this.#readCheckpoint(cursor);
  }

  /** The chunk that begins at `start`; `undefined` when none does, or one of another format. */
  static at(bytes: Buffer, start: number): JfrChunk | undefined {
    if (bytes.length < start + HEADER_BYTES || bytes.toString('latin1', start, start + 4) !== MAGIC) return undefined;
    if (bytes.readUInt16BE(start + 4) !== MAJOR) return undefined;
    const size = Number(bytes.readBigInt64BE(start + 8));
    if (size < HEADER_BYTES) return undefined;
    return new JfrChunk(bytes, start, Math.min(bytes.length, start + size));
  }

  /** Events of a type by its name, in the order in which they were written. */
  *events(name: string): Generator<JfrValue> {
    for (const { cursor, type } of this.#records()) {
      if (this.#types.get(type)?.name !== name) continue;
      const event = this.#structure(cursor, type, 0);
      if (!cursor.isBroken) yield event;
    }
  }

  /** What a value refers to, or the value itself. */
  resolve(value: JfrValue): JfrValue {
    return value instanceof JfrRef ? this.#constants.get(value.type)?.get(value.key) : value;
  }

  /** A field of a structure, resolved: `get(event, 'stackTrace', 'frames')`. */
  get(value: JfrValue, ...path: readonly string[]): JfrValue {
    let found = this.resolve(value);
    for (const field of path) {
      if (typeof found !== 'object' || found instanceof JfrRef || Array.isArray(found)) return undefined;
      found = this.resolve((found as { readonly [name: string]: JfrValue })[field]);
    }
    return found;
  }

  /** Every record begins with its length: one that is broken costs itself only. */
  *#records(): Generator<{ cursor: Cursor; type: number }> {
    let at = this.#start + HEADER_BYTES;
    while (at < this.end) {
      const head = new Cursor(this.#bytes, at, this.end);
      const size = varint(head);
      if (head.isBroken || size < 2 || at + size > this.end) return;
      const cursor = new Cursor(this.#bytes, head.at, at + size);
      yield { cursor, type: varint(cursor) };
      at += size;
    }
  }

  /** start, duration, id, texts, and the tree: root → metadata → class → field. */
  #readMetadata(cursor: Cursor): void {
    for (let field = 0; field < 3; field += 1) varint(cursor);
    const texts = this.#list(cursor, () => String(this.#text(cursor, 0) ?? ''));
    const root = this.#element(cursor, texts, 0);
    for (const one of root.children.flatMap(({ children, name }) => (name === 'metadata' ? children : []))) {
      if (one.name !== 'class') continue;
      const fields = one.children
        .filter(({ name }) => name === 'field')
        .map(({ attributes }) => ({
          name: attributes.get('name') ?? '',
          type: Number(attributes.get('class')),
          isConstant: attributes.get('constantPool') === 'true',
          isArray: attributes.get('dimension') === '1',
        }));
      this.#types.set(Number(one.attributes.get('id')), { name: one.attributes.get('name') ?? '', fields });
    }
  }

  #element(cursor: Cursor, texts: readonly string[], depth: number): Element {
    const text = (): string => texts[varint(cursor)] ?? '';
    const name = text();
    const attributes = new Map(this.#list(cursor, () => [text(), text()] as const));
    if (depth > MOST_DEEP) cursor.isBroken = true;
    return { name, attributes, children: this.#list(cursor, () => this.#element(cursor, texts, depth + 1)) };
  }

  /** start, duration, distance to the one before, flags, then the pools. */
  #readCheckpoint(cursor: Cursor): void {
    for (let field = 0; field < 3; field += 1) varint(cursor);
    cursor.u8();
    this.#list(cursor, () => {
      const type = varint(cursor);
      const pool = this.#constants.get(type) ?? new Map<number, JfrValue>();
      this.#constants.set(type, pool);
      this.#list(cursor, () => {
        const key = varint(cursor);
        const value = this.#structure(cursor, type, 0);
        if (!cursor.isBroken) pool.set(key, value);
      });
    });
  }

  #structure(cursor: Cursor, type: number, depth: number): JfrValue {
    const known = this.#types.get(type);
    if (known === undefined || depth > MOST_DEEP) {
      cursor.isBroken = true;
      return undefined;
    }
    const isPlain = PLAIN.get(known.name);
    if (isPlain !== undefined) return isPlain(cursor);
    if (known.name === 'java.lang.String') return this.#text(cursor, type);
    const value: Record<string, JfrValue> = {};
    for (const field of known.fields) {
      const one = (): JfrValue =>
        field.isConstant ? new JfrRef(field.type, varint(cursor)) : this.#structure(cursor, field.type, depth + 1);
      value[field.name] = field.isArray ? this.#list(cursor, one) : one();
    }
    return value;
  }

  /** A count, then so many. No item is shorter than a byte. */
  #list<T>(cursor: Cursor, item: () => T): T[] {
    const count = varint(cursor);
    if (count > cursor.end - cursor.at) cursor.isBroken = true;
    const items: T[] = [];
    for (let index = 0; index < count && !cursor.isBroken; index += 1) items.push(item());
    return items;
  }

  /** The first byte says how it is written: null, empty, a constant, UTF-8, characters, Latin-1. */
  #text(cursor: Cursor, type: number): JfrValue {
    const how = cursor.u8();
    if (how === 0) return undefined;
    if (how === 1) return '';
    if (how === 2) return new JfrRef(type, varint(cursor));
    if (how === 4) return String.fromCharCode(...this.#list(cursor, () => varint(cursor) & 0xffff));
    const length = varint(cursor);
    const at = cursor.at;
    cursor.skip(how === 3 || how === 5 ? length : -1);
    return cursor.isBroken ? undefined : this.#bytes.toString(how === 3 ? 'utf8' : 'latin1', at, at + length);
  }
}

const PLAIN: ReadonlyMap<string, (cursor: Cursor) => number> = new Map([
  ...['long', 'int', 'short', 'char'].map((name) => [name, varint] as const),
  ...['byte', 'boolean'].map((name) => [name, (cursor: Cursor) => cursor.u8()] as const),
  ['float', (cursor) => bytesSkipped(cursor, 4)],
  ['double', (cursor) => bytesSkipped(cursor, 8)],
]);

/** No event that is read here has one. */
function bytesSkipped(cursor: Cursor, length: number): number {
  cursor.skip(length);
  return 0;
}

/** Seven bits a byte, the low ones first; the ninth byte has eight. Exact up to 2⁵³. */
function varint(cursor: Cursor): number {
  let value = 0;
  let scale = 1;
  for (let index = 0; index < 8; index += 1) {
    const byte = cursor.u8();
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  return value + cursor.u8() * scale;
}
