import { pointerAt } from './bashTables.ts';
import type { ShellHeap } from './shellHeap.ts';

/** A command in a tree of bash. */
export interface BashCommand {
  readonly address: number;
  readonly line: number;
  /** All words below it in the order in which bash prints them; `undefined` if it prints more than words. */
  readonly words: readonly string[] | undefined;
  /** The first word of a simple command. */
  readonly name: string | undefined;
  /** Whether it is followed by `&`. */
  readonly isBackground: boolean;
}

export type BashKind = 'simple' | 'loop' | 'other';

/** `enum command_type` of command.h: `for`, `while`, `select`, `until`, `for ((`. */
const LOOPS: ReadonlySet<number> = new Set([0, 2, 5, 8, 12]);
const SIMPLE = 4;
const MOST_TYPE = 14;
const COMMAND_BYTES = 32;
const VALUE_BYTES = 48;
const MOST_COMMANDS = 2000;
const MOST_DEPTH = 64;
const MOST_WORDS = 256;
const MOST_WORD = 1024;
const MOST_LINE = 10_000_000;
const AND = 38;
/** `enum r_instruction`: to or from a number, as `2>&1`; and here-documents, whose text is printed with them. */
const TO_NUMBER: ReadonlySet<number> = new Set([6, 7, 9, 15, 16]);
const HERE_DOCUMENT: ReadonlySet<number> = new Set([4, 8]);

/** Reads the trees of commands of bash (command.h, the same from 4.4 to 5.3). */
export class BashCommands {
  readonly #heap: ShellHeap;

  constructor(heap: ShellHeap) {
    this.#heap = heap;
  }

  /** What kind of command stands at an address; `undefined` if none does. */
  kindAt(address: number): BashKind | undefined {
    const bytes = this.#heap.bytes(address, COMMAND_BYTES);
    if (bytes === undefined) return undefined;
    const [type, flags, redirects, value] = [
      bytes.readUInt32LE(0),
      bytes.readUInt32LE(4),
      pointerAt(bytes, 16),
      pointerAt(bytes, 24),
    ];
    if (type > MOST_TYPE || flags > 0xffff || !this.#heap.mayPoint(value)) return undefined;
    if (redirects !== 0 && !this.#heap.mayPoint(redirects)) return undefined;
    if (type === SIMPLE) return this.simpleAt(address) === undefined ? undefined : 'simple';
    return LOOPS.has(type) ? 'loop' : 'other';
  }

  /** A simple command that is well-formed. */
  simpleAt(address: number): BashCommand | undefined {
    const [command] = this.#all(address, 1);
    return command?.name === undefined ? undefined : command;
  }

  /** Every command of a tree, each in front of those inside of it; `undefined` if some of it cannot be read. */
  treeAt(address: number): readonly BashCommand[] | undefined {
    const all = this.#all(address, MOST_COMMANDS);
    return all.length === 0 || all.length >= MOST_COMMANDS || all.some(({ line }) => line === 0) ? undefined : all;
  }

  #all(address: number, most: number): BashCommand[] {
    const found: BashCommand[] = [];
    const walk = (at: number, isBackground: boolean, depth: number): readonly string[] | undefined => {
      const index = found.length;
      if (index >= most || depth > MOST_DEPTH) return undefined;
      // Its place is in front of what is inside of it.
      found.push({ address: at, line: 0, words: undefined, name: undefined, isBackground });
      const read = this.#read(at, (inner, background) => walk(inner, background, depth + 1));
      if (read === undefined) return undefined;
      const { line, name, words } = read;
      found[index] = { address: at, line: line ?? found[index + 1]?.line ?? 0, words, name, isBackground };
      return words;
    };
    walk(address, false, 0);
    return found;
  }

  #read(at: number, inside: (inner: number, isBackground: boolean) => readonly string[] | undefined): Read | undefined {
    const bytes = this.#heap.bytes(at, COMMAND_BYTES);
    const value = bytes === undefined ? 0 : pointerAt(bytes, 24);
    const body = this.#heap.mayPoint(value) ? this.#heap.bytes(value, VALUE_BYTES) : undefined;
    if (bytes === undefined || body === undefined) return undefined;
    const line = lineAt(body, 4);
    const redirected = this.#redirections(pointerAt(bytes, 16));
    const inner = (offset: number, isBackground = false): Words => {
      const child = pointerAt(body, offset);
      return child === 0 ? [] : inside(child, isBackground);
    };
    switch (bytes.readUInt32LE(0)) {
      case SIMPLE: {
        const words = this.#words(pointerAt(body, 8));
        if (words === undefined || line === undefined) return undefined;
        return { line, name: words[0] ?? '', words: joined(words, this.#redirections(pointerAt(body, 16))) };
      }
      case 0:
      case 5: {
        const head = this.#text(this.#heap.word(pointerAt(body, 8)));
        return { line, words: joined(head, this.#words(pointerAt(body, 16)), inner(24), redirected) };
      }
      case 1:
        return { line, words: this.#clauses(pointerAt(body, 16), inside) };
      case 2:
      case 8:
        return { words: joined(inner(8), inner(16), redirected) };
      case 3:
        return { words: joined(inner(8), inner(16), inner(24), redirected) };
      case 6:
        return { words: joined(inner(8, body.readInt32LE(24) === AND), inner(16), redirected) };
      case 9:
        return { words: joined(inner(8), redirected) };
      case 12:
        return { line, words: joined(inner(32), undefined) };
      case 13:
        return { line, words: joined(inner(8), redirected) };
      // A function in a function, `((`, `[[`, and a coprocess: nothing below them is looked for.
      default:
        return { line: line ?? lineAt(bytes, 8) ?? 1, words: undefined };
    }
  }

  /** `case`: its clauses are a list of `next, patterns, action`. The patterns are printed, and not looked at here. */
  #clauses(first: number, inside: (inner: number, isBackground: boolean) => Words): Words {
    let at = first;
    for (let count = 0; at !== 0 && count < MOST_COMMANDS; count += 1) {
      const clause = this.#heap.bytes(at, 24);
      if (clause === undefined) return undefined;
      const action = pointerAt(clause, 16);
      if (action !== 0) inside(action, false);
      at = pointerAt(clause, 0);
    }
    return undefined;
  }

  /** A list of `next, word`; a word is a pointer to its text. */
  #words(list: number): string[] | undefined {
    const words: string[] = [];
    let at = list;
    while (at !== 0) {
      const item = words.length >= MOST_WORDS ? undefined : this.#heap.bytes(at, 16);
      const text = item === undefined ? undefined : this.#text(this.#heap.word(pointerAt(item, 8)));
      if (item === undefined || text === undefined) return undefined;
      words.push(...text);
      at = pointerAt(item, 0);
    }
    return words;
  }

  /** `next, …, instruction, to what`: a file, whose name is a word, or a number. */
  #redirections(list: number): Words {
    const words: string[] = [];
    let at = list;
    for (let count = 0; at !== 0; count += 1) {
      const item = count >= MOST_WORDS ? undefined : this.#heap.bytes(at, 40);
      if (item === undefined || HERE_DOCUMENT.has(item.readUInt32LE(24))) return undefined;
      const isNumber = TO_NUMBER.has(item.readUInt32LE(24));
      const text = isNumber ? [] : this.#text(this.#heap.word(pointerAt(item, 32)));
      if (text === undefined) return undefined;
      words.push(...text);
      at = pointerAt(item, 0);
    }
    return words;
  }

  #text(address: number | undefined): [string] | undefined {
    const bytes = address === undefined ? undefined : this.#heap.text(address, MOST_WORD);
    return bytes === undefined ? undefined : [bytes.toString('utf8')];
  }
}

type Words = readonly string[] | undefined;

interface Read {
  /** Absent for one that has none of its own: that of its first command. */
  readonly line?: number | undefined;
  readonly name?: string;
  readonly words: Words;
}

function joined(...parts: readonly Words[]): Words {
  return parts.some((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? []);
}

function lineAt(bytes: Buffer, at: number): number | undefined {
  const line = bytes.readInt32LE(at);
  return line > 0 && line <= MOST_LINE ? line : undefined;
}
