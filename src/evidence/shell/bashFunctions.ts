import type { BashCommand, BashCommands } from './bashCommands.ts';
import { type BashTables, findInTable, pointerAt } from './bashTables.ts';
import type { ShellHeap } from './shellHeap.ts';

export interface BashFunction {
  readonly name: string;
  readonly file: string | undefined;
  /** The commands of its body; `undefined` if some of it cannot be read. */
  readonly commands: readonly BashCommand[] | undefined;
}

const MOST_KNOWN = 512;
const MOST_NAME = 256;
const MOST_PATH = 1024;
const SHELL_VAR_BYTES = 48;
/** `att_function` (variables.h). */
const IS_FUNCTION = 8;
const MOST_ATTRIBUTES = 0x1000_0000;

/** The functions of a bash. The variable of one, and its body, live until it is defined anew. */
export class BashFunctions {
  readonly #heap: ShellHeap;
  readonly #tables: BashTables;
  readonly #commands: BashCommands;
  readonly #known = new Map<number, { readonly body: number; readonly found: BashFunction }>();

  constructor(heap: ShellHeap, tables: BashTables, commands: BashCommands) {
    this.#heap = heap;
    this.#tables = tables;
    this.#commands = commands;
  }

  /** The function whose variable is at an address; `undefined` if there is none, or it is in no table. */
  at(address: number): BashFunction | undefined {
    // SHELL_VAR: name, value, two functions that a variable of a function does not have, attributes.
    const bytes = this.#heap.bytes(address, SHELL_VAR_BYTES);
    if (bytes === undefined) return undefined;
    const [name, body, attributes] = [pointerAt(bytes, 0), pointerAt(bytes, 8), bytes.readUInt32LE(40)];
    if ((attributes & IS_FUNCTION) === 0 || attributes > MOST_ATTRIBUTES) return undefined;
    if (pointerAt(bytes, 24) + pointerAt(bytes, 32) !== 0 || !this.#heap.mayPoint(body)) return undefined;
    const known = this.#known.get(address);
    const text = this.#heap.text(name, MOST_NAME)?.toString('utf8') ?? '';
    if (known?.body === body && known.found.name === text) return known.found;
    if (text === '' || findInTable(this.#heap, this.#tables.functions, text) !== address) return undefined;
    const found = { name: text, file: this.#fileOf(text), commands: this.#commands.treeAt(body) };
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(address, { body, found });
    return found;
  }

  /** FUNCTION_DEF: the file is known by the name that bash opened it by. */
  #fileOf(name: string): string | undefined {
    const definition = findInTable(this.#heap, this.#tables.definitions, name);
    const path = definition === undefined ? undefined : this.#heap.word(definition + 24);
    const text = path === undefined || path === 0 ? undefined : this.#heap.text(path, MOST_PATH)?.toString('utf8');
    // Functions out of the environment, and of a text behind -c, are of no file.
    return text === undefined || text === '' || text === 'environment' ? undefined : text;
  }
}
