import type { ShellHeap } from './shellHeap.ts';

/** What a node of the parse tree stands for. All others are links between them. */
export type NodeKind = 'command' | 'pipe' | 'background' | 'subshell' | 'redirected' | 'loop';

export interface TreeNode {
  readonly address: number;
  readonly kind: NodeKind;
  /** Of its first command. */
  readonly line: number;
  /**
   * The first word of a simple command, empty if it only assigns; `undefined` where it is not known before it runs
   * (`"$program" x`), and of all others.
   */
  readonly name: string | undefined;
}

export interface ShellFunction {
  readonly address: number;
  /** Behind the last byte of it: a function is one block with all its nodes. */
  readonly end: number;
  readonly name: string;
  readonly line: number;
}

/** What differs between the two: dash has an int for the type of a node, busybox has a byte and leaves the next three as they were. */
export type TypeBytes = 1 | 4;

/** `NCMD` and so on in src/nodetypes of dash, shell/ash.c of busybox. */
const KINDS: Readonly<Record<number, NodeKind>> = {
  0: 'command',
  1: 'pipe',
  2: 'redirected',
  3: 'background',
  4: 'subshell',
  9: 'loop',
  10: 'loop',
  11: 'loop',
};
const NDEFUN = 14;
const NARG = 15;
/** Links on the way to the first command: `&&`, `||`, `;`, `if`, `while`, `until`. The first child of each is at 8. */
const BINARY: ReadonlySet<number> = new Set([5, 6, 7, 8, 9, 10]);
const NFOR = 11;
const NODE_BYTES = 32;
/**
 * Where the children of each type are. The commands of a pipe are a list of `next, node`, which looks like a node of no type; the
 * clauses of `case` are nodes of type 13.
 */
const CHILDREN: Readonly<Record<number, readonly number[]>> = {
  2: [8],
  3: [8],
  4: [8],
  5: [8, 16],
  6: [8, 16],
  7: [8, 16],
  8: [8, 16, 24],
  9: [8, 16],
  10: [8, 16],
  11: [16],
  12: [16],
  13: [8, 24],
};
const MOST_NODES = 2000;
const MOST_LINE = 10_000_000;
const MOST_DEPTH = 12;
const MOST_WORDS = 64;
const MOST_NAME = 128;
/** Functions are small; a whole library of them is a megabyte. */
const MOST_BLOCK = 16 << 20;
const MOST_USES = 100_000;
const NAME = /^[A-Za-z_][\w.:@+-]*$/;
/** Quotes and variables are bytes below a blank, or above 0x80, within a word (`CTLESC` and so on). */
const FIRST_CONTROL = 0x80;

/** Nodes of dash and of the shell of busybox, by nothing but their shape. `undefined` for all that does not look like one. */
export class PosixNodes {
  readonly #heap: ShellHeap;
  readonly #typeBytes: TypeBytes;

  constructor(heap: ShellHeap, typeBytes: TypeBytes) {
    this.#heap = heap;
    this.#typeBytes = typeBytes;
  }

  nodeAt(address: number): TreeNode | undefined {
    const type = this.#typeAt(address);
    const kind = KINDS[type ?? -1];
    if (kind === undefined) return undefined;
    const line = this.#lineOf(address, 0);
    if (line === undefined) return undefined;
    return { address, kind, line, name: kind === 'command' ? this.#firstWord(address) : undefined };
  }

  /** Whether a node is part of a tree. */
  contains(root: number, node: number): boolean {
    const waiting = [root];
    for (let count = 0; waiting.length > 0 && count < MOST_NODES; count += 1) {
      const at = waiting.pop() as number;
      if (at === node) return true;
      waiting.push(...this.#children(at));
    }
    return false;
  }

  #children(address: number): number[] {
    const bytes = this.#heap.bytes(address, NODE_BYTES);
    const at = CHILDREN[this.#typeAt(address) ?? -1] ?? [];
    const children = bytes === undefined ? [] : at.map((offset) => wordAt(bytes, offset));
    return children.filter((child) => this.#heap.mayPoint(child));
  }

  /** `struct funcnode`: how often it is in use, then its node. */
  functionAt(address: number): ShellFunction | undefined {
    const bytes = this.#heap.bytes(address - 8, 8 + NODE_BYTES + 8);
    if (bytes === undefined || !(this.#typeAt(address + 8) === NDEFUN)) return undefined;
    // malloc(3) of glibc keeps the size in front of a block; the three lowest bits mean something else.
    const size = wordAt(bytes, 0) - (bytes.readUInt8(0) & 7);
    const uses = bytes.readInt32LE(8);
    const line = bytes.readInt32LE(20);
    const [text, body] = [wordAt(bytes, 24), wordAt(bytes, 32)];
    const end = address - 8 + size;
    const isInside = (at: number): boolean => at > address && at < end;
    if (size > MOST_BLOCK || uses < 0 || uses > MOST_USES || !isLine(line)) return undefined;
    if (!isInside(text) || !isInside(body)) return undefined;
    const name = this.#heap.text(text, MOST_NAME)?.toString('latin1');
    return name === undefined || !NAME.test(name) ? undefined : { address, end, name, line };
  }

  /** The line of the first command of a tree. */
  #lineOf(address: number, depth: number): number | undefined {
    const bytes = depth > MOST_DEPTH ? undefined : this.#heap.bytes(address, NODE_BYTES);
    const type = this.#typeAt(address);
    if (bytes === undefined || type === undefined) return undefined;
    const inner = (at: number): number | undefined => {
      const child = wordAt(bytes, at);
      return this.#heap.mayPoint(child) ? this.#lineOf(child, depth + 1) : undefined;
    };
    if (type === 0) return this.#commandLine(bytes);
    if (type === 1) {
      const list = this.#heap.mayPoint(wordAt(bytes, 8)) ? this.#heap.word(wordAt(bytes, 8) + 8) : undefined;
      return list !== undefined && this.#heap.mayPoint(list) ? this.#lineOf(list, depth + 1) : undefined;
    }
    if (type === NFOR) return inner(16);
    return BINARY.has(type) || KINDS[type] !== undefined ? inner(8) : undefined;
  }

  /** `struct ncmd`: assignments, words and redirections, each a list or nothing. */
  #commandLine(bytes: Buffer): number | undefined {
    const line = bytes.readInt32LE(4);
    const [assigned, words, redirected] = [wordAt(bytes, 8), wordAt(bytes, 16), wordAt(bytes, 24)];
    if (!isLine(line) || assigned + words + redirected === 0) return undefined;
    if (redirected !== 0 && !this.#heap.mayPoint(redirected)) return undefined;
    return this.#areWords(assigned) && this.#areWords(words) ? line : undefined;
  }

  #areWords(list: number): boolean {
    let at = list;
    for (let count = 0; at !== 0 && count < MOST_WORDS; count += 1) {
      if (!this.#heap.mayPoint(at) || this.#typeAt(at) !== NARG) return false;
      at = this.#heap.word(at + 8) ?? -1;
    }
    return true;
  }

  #firstWord(command: number): string | undefined {
    const word = this.#heap.word(command + 16) ?? 0;
    if (word === 0) return '';
    const text = this.#heap.word(word + 16);
    const bytes = text === undefined ? undefined : this.#heap.text(text, MOST_NAME);
    if (bytes === undefined || bytes.length === 0) return undefined;
    return bytes.every((byte) => byte > 0x20 && byte < FIRST_CONTROL) ? bytes.toString('latin1') : undefined;
  }

  #typeAt(address: number): number | undefined {
    const bytes = this.#heap.bytes(address, 4);
    return this.#typeBytes === 4 ? bytes?.readUInt32LE(0) : bytes?.[0];
  }
}

/** busybox counts the lines of a text behind -c from 0. */
function isLine(line: number): boolean {
  return line >= 0 && line <= MOST_LINE;
}

function wordAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}
