import { fileURLToPath } from 'node:url';
import { type HeapObject, isPointer, smallInteger, type V8Heap, wordAt } from './heap.ts';
import { lengthOf, textOf } from './texts.ts';

/** A file of source code, or what was made from a text. */
export interface Script {
  /** Absent for code that has no name, as that of `eval`. */
  readonly file: string | undefined;
  /** The line of a character; the first is 1. `undefined` where the source is too long, or cannot be read. */
  lineAt(position: number): number | undefined;
}

const SCRIPT_BYTES = 64;
const MOST_SCRIPTS = 512;
const MOST_NAME = 4096;
/** A bundle of many packages has some megabytes; the lines of one are found in 10 ms, once. */
const MOST_SOURCE = 16 << 20;
const MOST_LINES = 1 << 19;
/** All sources of a process together: each costs its reading, and each of its lines stays in memory. */
const MOST_READ = 64 << 20;
const LINE_COST = 16;

/** The scripts of one process. */
export class Scripts {
  readonly #heap: V8Heap;
  readonly #known = new Map<number, { readonly bytes: Buffer; readonly script: Script }>();
  #leftChars = MOST_READ;

  constructor(heap: V8Heap) {
    this.#heap = heap;
  }

  /** `undefined` for what is no script. */
  scriptAt(pointer: number): Script | undefined {
    const { types } = this.#heap.layout;
    const found = this.#heap.objectOf(types.script, pointer, SCRIPT_BYTES);
    if (found === undefined) return undefined;
    const known = this.#known.get(pointer);
    // What it is made of stays the same as long as it is the same.
    if (known?.bytes.equals(this.#identity(found)) === true) return known.script;
    const script = this.#read(found);
    if (this.#known.size >= MOST_SCRIPTS) this.#known.clear();
    this.#known.set(pointer, { bytes: this.#identity(found), script });
    return script;
  }

  #identity({ bytes }: HeapObject): Buffer {
    const { name, source } = this.#heap.layout.script;
    return bytes.subarray(Math.min(name, source), Math.max(name, source) + 16);
  }

  #read({ bytes }: HeapObject): Script {
    const { name, source } = this.#heap.layout.script;
    const nameAt = wordAt(bytes, name);
    const text = isPointer(nameAt) ? textOf(this.#heap, nameAt, MOST_NAME) : undefined;
    // `vm` may say that a text begins further down in its file.
    const firstLine = smallInteger(wordAt(bytes, name + 8)) ?? 0;
    const sourceAt = wordAt(bytes, source);
    let starts: readonly number[] | undefined | 'unread' = 'unread';
    return {
      file: text === undefined || text === '' ? undefined : pathOf(text),
      lineAt: (position) => {
        if (starts === 'unread') starts = this.#lineStarts(sourceAt);
        const line = starts === undefined ? undefined : lineOf(starts, position);
        return line === undefined || line + firstLine < 1 ? undefined : line + firstLine;
      },
    };
  }

  #lineStarts(source: number): readonly number[] | undefined {
    const length = lengthOf(this.#heap, source);
    if (length === undefined || length > MOST_SOURCE || length > this.#leftChars) return undefined;
    this.#leftChars -= length;
    const text = textOf(this.#heap, source, length);
    const starts = text === undefined ? undefined : lineStarts(text);
    this.#leftChars -= LINE_COST * (starts?.length ?? 0);
    return starts;
  }
}

/** The path of a script: modules of ECMAScript are named by their URL. */
export function pathOf(name: string): string {
  if (!name.startsWith('file:')) return name;
  try {
    return fileURLToPath(name);
  } catch {
    return name;
  }
}

/** Where each line begins, and behind them the end of the text. `undefined` for too many lines. */
export function lineStarts(text: string): readonly number[] | undefined {
  const starts = [0];
  // The terminators of a line in ECMAScript.
  for (const { 0: end, index } of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) {
    if (starts.length >= MOST_LINES) return undefined;
    starts.push(index + end.length);
  }
  starts.push(text.length + 1);
  return starts;
}

/** The line of a position; `undefined` outside of the text. */
function lineOf(starts: readonly number[], position: number): number | undefined {
  if (!(position >= 0 && position < (starts.at(-1) as number))) return undefined;
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle + 1] as number) <= position) low = middle + 1;
    else high = middle;
  }
  return low + 1;
}
