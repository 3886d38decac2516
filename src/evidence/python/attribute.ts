import type { Memory } from '../native/processMemory.ts';
import type { PythonLayout } from './layout.ts';
import type { PythonObjects } from './objects.ts';

/** Of an object: its type. */
const TYPE = 8;
/** Of a dictionary: `ma_keys` and `ma_values`. */
const DICT = { keys: 32, values: 40 };
const WORD = 8;
const MOST_ENTRIES = 512;
/** `DICT_KEYS_GENERAL`: each entry has its hash beside it. */
const GENERAL = 0;
/** Keys that are remembered: those of a class are few. */
const MOST_KEYS = 1024;

interface Entry {
  readonly index: number;
  /** Where the value is, if the dictionary holds its values itself. */
  readonly valueAt: number;
}

/**
 * One attribute of `threading.Thread` objects, as `_name`. It lies in an array of values whose order is kept with the type
 * (PEP 412), or in a dictionary of the object's own.
 */
export class Attribute {
  readonly #memory: Memory;
  readonly #layout: PythonLayout;
  readonly #objects: PythonObjects;
  readonly #name: string;
  /** Where the name itself is, once it was met. */
  #nameAt: number | undefined;
  /** By the address of the keys, which the threads of a class share. */
  readonly #entries = new Map<number, Entry | undefined>();

  constructor(memory: Memory, layout: PythonLayout, objects: PythonObjects, name: string) {
    this.#memory = memory;
    this.#layout = layout;
    this.#objects = objects;
    this.#name = name;
  }

  /** Where the value is of the object at an address; `undefined` if it has none that can be read. */
  valueOf(object: number): number | undefined {
    const value = object < 4096 ? undefined : this.#find(object);
    return value === undefined || value < 4096 ? undefined : value;
  }

  #find(object: number): number | undefined {
    const at = this.#layout.instance;
    if (at === undefined) return undefined;
    const type = this.#word(object + TYPE);
    if (type === undefined) return undefined;
    switch (at.values) {
      case 'dictionary':
        return this.#inDictionary(this.#word(object + 2 * WORD));
      case 'pointer': {
        const values = this.#word(object - 4 * WORD);
        return values ? this.#inValues(type, values) : this.#inDictionary(this.#word(object - 3 * WORD));
      }
      case 'tagged': {
        // `_PyDictOrValues_SetValues` keeps the address less one.
        const tagged = this.#word(object - 3 * WORD) ?? 0;
        return tagged % 2 === 1 ? this.#inValues(type, tagged + 1) : this.#inDictionary(tagged);
      }
      case 'inline': {
        const dictionary = this.#word(object - 3 * WORD);
        if (dictionary) return this.#inDictionary(dictionary);
        const size = this.#word(type + at.basicSize);
        return size === undefined ? undefined : this.#inValues(type, object + size);
      }
    }
  }

  #inValues(type: number, values: number): number | undefined {
    const at = this.#layout.instance;
    const keys = at === undefined ? undefined : this.#word(type + at.cachedKeys);
    const entry = keys ? this.#entryOf(keys) : undefined;
    return at === undefined || entry === undefined
      ? undefined
      : this.#word(values + at.valuesSkip + entry.index * WORD);
  }

  #inDictionary(dictionary: number | undefined): number | undefined {
    const keys = dictionary ? this.#word(dictionary + DICT.keys) : undefined;
    if (!dictionary || !keys) return undefined;
    const entry = this.#entryOf(keys);
    const values = this.#word(dictionary + DICT.values);
    if (entry === undefined) return undefined;
    return this.#word(values ? values + (this.#layout.instance?.valuesSkip ?? 0) + entry.index * WORD : entry.valueAt);
  }

  #entryOf(keys: number): Entry | undefined {
    if (this.#entries.size >= MOST_KEYS) this.#entries.clear();
    if (!this.#entries.has(keys)) this.#entries.set(keys, this.#findEntry(keys));
    return this.#entries.get(keys);
  }

  /** Objects/dictobject.c: a head, an index of one to eight bytes for each slot, then the entries in their order. */
  #findEntry(keys: number): Entry | undefined {
    const head = this.#memory.read(keys, 64);
    if (head === undefined || head.length < 64) return undefined;
    const isOld = this.#layout.instance?.keys === 'sized';
    const slots = Number(head.readBigUInt64LE(8));
    const indexBytes = isOld
      ? slots * (slots <= 0xff ? 1 : slots <= 0xffff ? 2 : 4)
      : 2 ** Math.min(head[9] as number, 32);
    const isGeneral = isOld || head[10] === GENERAL;
    const count = Math.min(Number(head.readBigUInt64LE(isOld ? 32 : 24)), MOST_ENTRIES);
    const start = keys + (isOld ? 40 : 32) + indexBytes;
    const [stride, keyAt] = isGeneral ? [24, 8] : [16, 0];
    const entries = this.#memory.read(start, count * stride);
    if (entries === undefined) return undefined;
    const keyOf = (index: number): number => Number(entries.readBigUInt64LE(index * stride + keyAt));
    const isName = (index: number): boolean => keyOf(index) > 4096 && this.#objects.text(keyOf(index)) === this.#name;
    const indexes = Array.from({ length: Math.floor(entries.length / stride) }, (_, index) => index);
    // There is one text for all names that are equal: the next object has the same.
    const index = indexes.find((one) => keyOf(one) === this.#nameAt) ?? indexes.find(isName);
    if (index === undefined) return undefined;
    this.#nameAt = keyOf(index);
    return { index, valueAt: start + index * stride + keyAt + WORD };
  }

  #word(address: number): number | undefined {
    const bytes = this.#memory.read(address, WORD);
    return bytes === undefined || bytes.length < WORD ? undefined : Number(bytes.readBigUInt64LE(0));
  }
}
