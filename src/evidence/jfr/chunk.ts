import { Cursor } from '../elf/bytes.ts';
import { readTypes } from './metadata.ts';
import { JfrReader, JfrRef, type JfrValue, readList, varint } from './values.ts';

const MAGIC = 'FLR\0';
const HEADER_BYTES = 68;
const MAJOR = 2;
/** How often the clock is looked at: less than a millisecond apart. */
const RECORDS_A_LOOK = 128;
/** Types of records that describe the others. */
const METADATA = 0;
const CHECKPOINT = 1;

/**
 * A chunk of a Java flight recording (JDK 9 and newer, format 2.x: `jdk.jfr.internal.consumer.ChunkHeader`, `ChunkParser`
 * and `MetadataReader` of OpenJDK): events of one type, with their constants. It may be one that the JVM still writes, or
 * was killed over: what it flushed is whole. Nothing throws; what cannot be read is not there.
 */
export class JfrChunk {
  /** Where the next chunk of the file begins. */
  readonly end: number;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #reader: JfrReader;
  /** By type, then by number. */
  readonly #constants = new Map<number, Map<number, JfrValue>>();

  readonly #isOver: () => boolean;

  private constructor(bytes: Buffer, start: number, end: number, isOver: () => boolean) {
    this.#isOver = isOver;
    this.#bytes = bytes;
    this.#start = start;
    this.end = end;
    this.#reader = new JfrReader(end - start);
    // Constants are described by the metadata, which may come after them.
    for (const { cursor } of this.#records(METADATA)) {
      for (const [id, type] of readTypes(cursor)) this.#reader.types.set(id, type);
    }
    for (const { cursor } of this.#records(CHECKPOINT)) this.#readCheckpoint(cursor);
  }

  /**
   * The chunk that begins at `start`; `undefined` if none does, or one of another format. When `isOver` says so, no more of it
   * is read.
   */
  static at(bytes: Buffer, start: number, isOver: () => boolean = () => false): JfrChunk | undefined {
    if (bytes.length < start + HEADER_BYTES || bytes.toString('latin1', start, start + 4) !== MAGIC) return undefined;
    if (bytes.readUInt16BE(start + 4) !== MAJOR) return undefined;
    const size = Number(bytes.readBigInt64BE(start + 8));
    if (size < HEADER_BYTES) return undefined;
    return new JfrChunk(bytes, start, Math.min(bytes.length, start + size), isOver);
  }

  /** Events of a type by its name, in the order in which they were written. */
  *events(name: string): Generator<JfrValue> {
    for (const { cursor, type } of this.#records()) {
      if (this.#reader.types.get(type)?.name !== name) continue;
      const event = this.#reader.structure(cursor, type);
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

  /** Every record begins with its length, so one that is broken costs only itself. */
  *#records(only?: number): Generator<{ cursor: Cursor; type: number }> {
    let at = this.#start + HEADER_BYTES;
    for (let count = 1; at < this.end; count += 1) {
      if (count % RECORDS_A_LOOK === 0 && this.#isOver()) return;
      const head = new Cursor(this.#bytes, at, this.end);
      const size = varint(head);
      if (head.isBroken || size < 2 || at + size > this.end) return;
      const cursor = new Cursor(this.#bytes, head.at, at + size);
      const type = varint(cursor);
      if (only === undefined || type === only) yield { cursor, type };
      at += size;
    }
  }

  /** Start, duration, distance to the one before, flags, then the pools of constants. */
  #readCheckpoint(cursor: Cursor): void {
    for (let field = 0; field < 3; field += 1) varint(cursor);
    cursor.u8();
    readList(cursor, () => {
      const type = varint(cursor);
      const pool = this.#constants.get(type) ?? new Map<number, JfrValue>();
      this.#constants.set(type, pool);
      readList(cursor, () => {
        const key = varint(cursor);
        const value = this.#reader.structure(cursor, type);
        if (!cursor.isBroken) pool.set(key, value);
      });
    });
  }
}
