import type { BashTables } from '../../../src/evidence/shell/bashTables.ts';
import { FakeMemory } from './fakeMemory.ts';

export const SHELL_HEAP = 0x5600_0000_0000;
const FNV_OFFSET = 2166136261;
const FNV_PRIME = 16777619;

/** Memory that a shell has allocated, one block behind the other. */
class Allocations {
  readonly memory: FakeMemory = new FakeMemory();
  #next = SHELL_HEAP + 64;

  take(bytes: number): number {
    const at = this.#next;
    this.#next += Math.ceil(bytes / 8) * 8;
    this.memory.write(at, Buffer.alloc(bytes));
    return at;
  }

  text(value: string | Buffer): number {
    const bytes = Buffer.concat([Buffer.from(value), Buffer.from([0])]);
    const at = this.take(bytes.length);
    this.memory.write(at, bytes);
    return at;
  }

  words(...values: readonly number[]): number {
    const at = this.take(8 * values.length);
    this.memory.words(at, ...values);
    return at;
  }
}

/** Two numbers of 32 bits in one word. */
const pair = (low: number, high: number): number => high * 2 ** 32 + low;

/** Trees of dash. */
export class PosixTrees extends Allocations {
  command(line: number, ...words: readonly (string | Buffer)[]): number {
    const list = words.reduceRight<number>((next, word) => this.words(15, next, this.text(word), 0), 0);
    return this.words(pair(0, line), 0, list, 0);
  }

  /** Types of one or more children: 3 `&`, 4 `( )`, 7 `;`, 9 `while`. */
  node(type: number, ...children: readonly number[]): number {
    return this.words(type, ...children, ...Array.from({ length: 3 - children.length }, () => 0));
  }

  pipe(...commands: readonly number[]): number {
    const list = commands.reduceRight<number>((next, one) => this.words(next, one), 0);
    return this.words(1, list, 0, 0);
  }

  /** A function in one block; `body` makes its nodes. */
  define(name: string, line: number, body: () => number): number {
    const head = this.take(8 + 48);
    const text = this.text(name);
    const root = body();
    const end = this.take(0);
    this.memory.words(head, end - head + 1, 1, pair(14, line), text, root);
    return head + 8;
  }
}

/** Trees and tables of bash. */
export class BashHeap extends Allocations {
  readonly tables: BashTables = {
    functions: this.take(8),
    definitions: this.take(8),
    jobs: this.take(8),
    jobStats: this.take(48),
  };
  #jobs = 0;
  readonly #list = this.take(8 * 64);

  wordList(...words: readonly string[]): number {
    return words.reduceRight<number>((next, word) => this.words(next, this.words(this.text(word), 0)), 0);
  }

  /** `redirects` are a list of `redirect`. */
  simple(line: number, words: readonly string[], redirects = 0): number {
    const value = this.words(pair(0, line), this.wordList(...words), redirects, 0, 0, 0);
    return this.words(4, line, 0, value);
  }

  redirect(instruction: number, target: number, next = 0): number {
    return this.words(next, 1, 0, instruction, target, 0);
  }

  fileName(name: string): number {
    return this.words(this.text(name), 0);
  }

  /** `first connector second`: 38 `&`, 59 `;`. */
  connect(first: number, connector: number, second = 0): number {
    return this.words(6, 0, 0, this.words(0, first, second, connector, 0, 0));
  }

  subshell(line: number, command: number): number {
    return this.words(13, line, 0, this.words(pair(0, line), command, 0, 0, 0, 0));
  }

  loop(test: number, body: number): number {
    return this.words(2, 0, 0, this.words(0, test, body, 0, 0, 0));
  }

  /** The variable of a function in the tables. */
  define(name: string, file: string, body: number): number {
    const variable = this.words(this.text(name), body, 0, 0, 0, 8);
    this.#put(this.tables.functions, name, variable);
    this.#put(this.tables.definitions, name, this.words(1, 0, 0, this.text(file)));
    return variable;
  }

  job(pid: number, text: string, flags = 0): void {
    const process = this.words(0, pid, 0, this.text(text));
    this.memory.word(process, process);
    this.memory.word(this.#list + 8 * this.#jobs, this.words(0, process, 0, flags));
    this.memory.word(this.tables.jobs, this.#list);
    this.memory.int32(this.tables.jobStats + 28, this.#jobs);
    this.#jobs += 1;
  }

  #put(table: number, name: string, data: number): void {
    let hash = FNV_OFFSET;
    for (const byte of Buffer.from(name)) hash = (Math.imul(hash, FNV_PRIME) ^ byte) >>> 0;
    const memory = this.memory.open();
    let head = Number(memory.read(table, 8)?.readBigUInt64LE(0) ?? 0n);
    if (head === 0) {
      head = this.words(this.take(8 * 4), 4);
      this.memory.word(table, head);
    }
    const bucket = Number(memory.read(head, 8)?.readBigUInt64LE(0)) + 8 * (hash & 3);
    const next = Number(memory.read(bucket, 8)?.readBigUInt64LE(0) ?? 0n);
    this.memory.word(bucket, this.words(next, this.text(name), data));
  }
}
