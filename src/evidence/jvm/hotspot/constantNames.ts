import type { Memory } from '../../native/processMemory.ts';

const PAGE = 4096;
const MOST_PAGES = 1024;
const MOST_NAMES = 16_384;
const MOST_BYTES = 200;

/** Names in the constants of a library, read by pages: they lie close together. */
export class ConstantNames {
  readonly #memory: Memory;
  readonly #pages = new Map<number, Buffer>();
  readonly #names = new Map<number, string>();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Empty for what is no name. */
  at(address: number): string {
    let name = this.#names.get(address);
    if (name === undefined) {
      name = this.#read(address);
      if (this.#names.size < MOST_NAMES) this.#names.set(address, name);
    }
    return name;
  }

  #read(address: number): string {
    const within = address % PAGE;
    const page = this.#page(address - within);
    const end = page.indexOf(0, within);
    if (end >= 0) return end - within <= MOST_BYTES ? page.toString('latin1', within, end) : '';
    // It goes on in the next page.
    const bytes = this.#memory.read(address, MOST_BYTES);
    const length = bytes?.indexOf(0) ?? -1;
    return bytes === undefined || length < 0 ? '' : bytes.toString('latin1', 0, length);
  }

  #page(at: number): Buffer {
    const known = this.#pages.get(at);
    if (known !== undefined) return known;
    const page = this.#memory.read(at, PAGE) ?? Buffer.alloc(0);
    if (this.#pages.size < MOST_PAGES) this.#pages.set(at, page);
    return page;
  }
}
