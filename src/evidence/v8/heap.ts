import type { Memory } from '../native/processMemory.ts';
import type { V8Layout } from './layout.ts';

/** An object of the heap: its kind, and its first bytes. */
export interface HeapObject {
  /** Its tagged pointer: the address and 1. */
  readonly pointer: number;
  readonly type: number;
  readonly bytes: Buffer;
}

const MOST_MAPS = 1024;
const MAP_BYTES = 16;
const MOST_POINTER = 2 ** 47;
/** What most objects are read with. */
const OBJECT_BYTES = 80;
/** All arrays begin with their length, as a small integer. */
const ARRAY_LENGTH_AT = 8;
const ARRAY_DATA_AT = 16;

/**
 * The heap of V8 in another process. A collection may move its objects at any time, so an object is only what its map says,
 * and only if that map is one: the map of every map is itself described by a map of maps.
 */
export class V8Heap {
  readonly layout: V8Layout;
  readonly #memory: Memory;
  /** Types below those of JavaScript's objects: their maps lie in memory that is never written to. */
  readonly #types = new Map<number, number>();
  readonly #metaMaps = new Set<number>();

  constructor(memory: Memory, layout: V8Layout) {
    this.#memory = memory;
    this.layout = layout;
  }

  /** `undefined` for a small integer, a weak pointer, and where no object is. */
  object(pointer: number | undefined, bytes: number = OBJECT_BYTES): HeapObject | undefined {
    if (pointer === undefined || !isPointer(pointer)) return undefined;
    const found = this.#memory.read(pointer - 1, bytes);
    if (found === undefined || found.length < bytes) return undefined;
    const map = wordAt(found, 0);
    const type = this.#typeBy(map);
    return type === undefined ? undefined : { pointer, type, bytes: found };
  }

  /** The same if it is of one type. */
  objectOf(type: number, pointer: number | undefined, bytes?: number): HeapObject | undefined {
    const found = this.object(pointer, bytes);
    return found?.type === type ? found : undefined;
  }

  /** Bytes at an offset of an object; all of them or `undefined`. */
  bytesOf(pointer: number, offset: number, length: number): Buffer | undefined {
    return this.bytesAt(pointer - 1 + offset, length);
  }

  bytesAt(address: number, length: number): Buffer | undefined {
    const bytes = this.#memory.read(address, length);
    return bytes?.length === length ? bytes : undefined;
  }

  /** The content of an array of bytes; `undefined` for anything else, and for one of more than `most`. */
  byteArrayAt(pointer: number, most: number): Buffer | undefined {
    const found = this.object(pointer, ARRAY_DATA_AT);
    if (found === undefined || !this.layout.types.bytes.includes(found.type)) return undefined;
    const length = smallInteger(wordAt(found.bytes, ARRAY_LENGTH_AT));
    return length === undefined || length < 0 || length > most
      ? undefined
      : this.bytesOf(pointer, ARRAY_DATA_AT, length);
  }

  /** A word of an array of objects; NaN outside of memory. What it is has to be seen by the word itself. */
  elementOf(array: number, index: number): number {
    const bytes = isPointer(array) ? this.bytesOf(array, ARRAY_DATA_AT + 8 * index, 8) : undefined;
    return bytes === undefined ? Number.NaN : wordAt(bytes, 0);
  }

  #typeBy(map: number): number | undefined {
    const known = this.#types.get(map);
    if (known !== undefined) return known;
    const { instanceType, types } = this.layout;
    const bytes = isPointer(map) ? this.bytesAt(map - 1, MAP_BYTES) : undefined;
    if (bytes === undefined || !this.#isMetaMap(wordAt(bytes, 0))) return undefined;
    const type = bytes.readUInt16LE(instanceType);
    if (type < types.function && this.#types.size < MOST_MAPS) this.#types.set(map, type);
    return type;
  }

  #isMetaMap(map: number): boolean {
    if (this.#metaMaps.has(map)) return true;
    const bytes = isPointer(map) ? this.bytesAt(map - 1, MAP_BYTES) : undefined;
    const isOne =
      bytes !== undefined &&
      wordAt(bytes, 0) === map &&
      bytes.readUInt16LE(this.layout.instanceType) === this.layout.types.map;
    if (isOne && this.#metaMaps.size < MOST_MAPS) this.#metaMaps.add(map);
    return isOne;
  }
}

/** Exact for pointers and small integers. */
export function wordAt(bytes: Buffer, at: number): number {
  return at + 8 <= bytes.length ? bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at) : Number.NaN;
}

/** A strong pointer to an object of the heap. */
export function isPointer(word: number): boolean {
  return word % 4 === 1 && word < MOST_POINTER;
}

/** The value of a small integer, which has it in the upper half of a word; `undefined` for a pointer. */
export function smallInteger(word: number | undefined): number | undefined {
  return word === undefined || word % 2 ** 32 !== 0 ? undefined : (word / 2 ** 32) | 0;
}
