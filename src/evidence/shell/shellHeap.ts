import type { MapLine } from '../../procfs/maps.ts';
import type { Memory } from '../native/processMemory.ts';

const PAGE = 4096;
/** Pages for one record. A shell uses ten to thirty, and more for a function that is met for the first time. */
const MOST_PAGES = 256;
/** Reading what is not mapped costs fifty times as much as reading what is. An honest stack has nearly none of it. */
const MOST_MISSING = 8;
/** The heap grows after its maps were read. */
const MAY_GROW = 256 << 20;
const MOST_RANGES = 32;

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The memory that a shell keeps its trees in, read page by page. It is asked in one round for each record. */
export class ShellHeap {
  readonly #memory: Pick<Memory, 'read'>;
  readonly #ranges: readonly Range[];
  readonly #lowest: number;
  readonly #highest: number;
  readonly #pages = new Map<number, Buffer | undefined>();
  #missing = 0;

  /** `program` is the path of the shell: its own variables hold the first trees. */
  constructor(memory: Pick<Memory, 'read'>, maps: readonly MapLine[], program: string) {
    this.#memory = memory;
    const held = maps.filter((map) => isHeap(map) || (map.perms.startsWith('rw') && map.path === program));
    this.#ranges = held.slice(0, MOST_RANGES).map(({ end, path, start }) => {
      return { start, end: path === '[heap]' ? end + MAY_GROW : end };
    });
    this.#lowest = Math.min(...this.#ranges.map(({ start }) => start));
    this.#highest = Math.max(...this.#ranges.map(({ end }) => end));
  }

  /** A new record: what was read before may be old. */
  refresh(): void {
    this.#pages.clear();
    this.#missing = 0;
  }

  /** Whether a word can be the address of something that was allocated: all of that is aligned. */
  mayPoint(word: number): boolean {
    // Most words of a stack are small numbers, or addresses of the stack and of libraries.
    if (!(word >= this.#lowest && word < this.#highest) || word % 8 !== 0) return false;
    for (const { end, start } of this.#ranges) if (word >= start && word < end) return true;
    return false;
  }

  /** Up to a page of bytes; `undefined` where not all of them are mapped. They must not be kept. */
  bytes(address: number, length: number): Buffer | undefined {
    if (!Number.isSafeInteger(address) || address < PAGE) return undefined;
    const within = address % PAGE;
    const page = this.#page(address - within);
    if (page === undefined) return undefined;
    if (within + length <= page.length) return page.subarray(within, within + length);
    const next = this.#page(address - within + PAGE);
    const tail = length - (PAGE - within);
    if (next === undefined || page.length < PAGE || next.length < tail) return undefined;
    return Buffer.concat([page.subarray(within), next.subarray(0, tail)]);
  }

  word(address: number): number | undefined {
    const bytes = this.bytes(address, 8);
    return bytes === undefined ? undefined : bytes.readUInt32LE(4) * 2 ** 32 + bytes.readUInt32LE(0);
  }

  /** The bytes of a text of C up to its end; `undefined` if that is not within `most` bytes. */
  text(address: number, most: number): Buffer | undefined {
    const within = address % PAGE;
    const first = this.bytes(address, Math.min(most, PAGE - within));
    if (first === undefined) return undefined;
    const end = first.indexOf(0);
    if (end >= 0) return first.subarray(0, end);
    const whole = first.length < most ? this.bytes(address, most) : undefined;
    const wholeEnd = whole?.indexOf(0) ?? -1;
    return wholeEnd < 0 ? undefined : whole?.subarray(0, wholeEnd);
  }

  #page(start: number): Buffer | undefined {
    if (!this.#pages.has(start)) {
      if (this.#pages.size >= MOST_PAGES || this.#missing >= MOST_MISSING) return undefined;
      const page = this.#memory.read(start, PAGE);
      if (page === undefined) this.#missing += 1;
      this.#pages.set(start, page);
    }
    return this.#pages.get(start);
  }
}

/** What malloc(3) hands out lies in memory without a file. */
function isHeap({ inode, path, perms }: MapLine): boolean {
  return inode === 0 && perms.startsWith('rw') && (path === '' || path === '[heap]');
}
