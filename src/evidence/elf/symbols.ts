import type { Elf, Section } from './elf.ts';
import { NO_LIMITS } from './readLimits.ts';

/** Functions of a file by address. */
export interface SymbolTable {
  /** The function that an address is in, and where it begins; `undefined` between functions. */
  find(address: number): { readonly name: string; readonly start: number } | undefined;
  /** The address of a symbol that the file defines. */
  addressOf(name: string): number | undefined;
}

const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
const SYMBOL_BYTES = 24;
const WORDS = SYMBOL_BYTES / 4;
/** The number of a symbol and its address share one double: four million symbols, and addresses below two gigabytes. */
const MOST_ENTRIES = 2 ** 22;
const MOST_START = 2 ** 31;
/** Places in the texts where a name may stand. Linkers write each name once or twice; more is damage. */
const MOST_PLACES = 64;
/** How many symbols that begin before an address are looked at: several names may begin at one place. */
const MOST_BEFORE = 8;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
/** V8 with all of its symbols has 30 MB, which are sorted in 60 ms. */
const SORTED_BYTES_PER_MS = 256 << 10;
/** Names are only loaded, and searched once. */
const LOADED_BYTES_PER_MS = 1 << 20;

/** Whether a file has names for all of its functions, and not for those alone that it exports. */
export function hasAllSymbols(elf: Elf): boolean {
  return elf.sections.some(({ type }) => type === SHT_SYMTAB);
}

/** `.symtab` if the file was not stripped, else `.dynsym`: what it exports. Empty if there is neither. */
export function readSymbols(elf: Elf): SymbolTable {
  const table =
    elf.sections.find(({ type }) => type === SHT_SYMTAB) ?? elf.sections.find(({ type }) => type === SHT_DYNSYM);
  const names = table === undefined ? undefined : elf.sections[table.link];
  const bytes = table === undefined ? undefined : load(elf, table, SORTED_BYTES_PER_MS);
  const text = names === undefined || bytes === undefined ? undefined : load(elf, names, LOADED_BYTES_PER_MS);
  if (bytes === undefined || text === undefined) return { find: () => undefined, addressOf: () => undefined };
  return tableOf(bytes, text, table?.type === SHT_SYMTAB);
}

/** `undefined` for a table that the time or the memory that is left does not reach for. */
function load({ source }: Elf, { offset, size }: Section, bytesPerMs: number): Buffer | undefined {
  return (source.limits ?? NO_LIMITS).mayLoad(size, bytesPerMs) ? source.read(offset, size) : undefined;
}

/** The words of the symbols, and what they say (elf(5)): name, (info, other, section), value low and high, size low and high. */
class Symbols {
  readonly count: number;
  readonly #words: Uint32Array;
  readonly #text: Buffer;

  constructor(bytes: Buffer, text: Buffer) {
    this.count = Math.floor(bytes.length / SYMBOL_BYTES);
    // A large table lies at the start of its memory. It is copied only if it does not.
    const { buffer, byteOffset } =
      bytes.byteOffset % 4 === 0 ? bytes : { buffer: Uint8Array.from(bytes).buffer as ArrayBufferLike, byteOffset: 0 };
    this.#words = new Uint32Array(buffer, byteOffset, this.count * WORDS);
    this.#text = text;
  }

  nameAt(entry: number): number {
    return this.#word(entry, 0);
  }

  nameOf(entry: number): string {
    const at = this.nameAt(entry);
    const end = at < this.#text.length ? this.#text.indexOf(0, at) : -1;
    return end < 0 ? '' : withoutVersion(this.#text.toString('latin1', at, end));
  }

  startOf(entry: number): number {
    return this.#word(entry, 3) * 2 ** 32 + this.#word(entry, 2);
  }

  /** The low half is enough: no function has four gigabytes. */
  sizeOf(entry: number): number {
    return this.#word(entry, 4);
  }

  /** Section 0 is none: the symbol is wanted, not given. */
  isDefined(entry: number): boolean {
    return this.#word(entry, 1) >>> 16 !== 0;
  }

  /** Of two names for one place: what a file exports says more than what is its own, and a plain name more than one with a prefix. */
  isBetter(entry: number, than: number): boolean {
    const isLocal = (one: number): boolean => (this.#word(one, 1) & 0xf0) === 0;
    if (isLocal(entry) !== isLocal(than)) return isLocal(than);
    const underscores = (one: number): number => /^_*/.exec(this.nameOf(one))?.[0].length ?? 0;
    return underscores(entry) < underscores(than);
  }

  isFunction(entry: number): boolean {
    const type = this.#word(entry, 1) & 0xf;
    // Assembly often leaves its functions without a type, but with a size.
    return type === STT_FUNC || type === STT_GNU_IFUNC || (type === 0 && this.sizeOf(entry) !== 0);
  }

  #word(entry: number, at: number): number {
    return this.#words[entry * WORDS + at] as number;
  }
}

/** `hasAll`: no function is missing, so one without a size reaches to the next. */
function tableOf(bytes: Buffer, text: Buffer, hasAll: boolean): SymbolTable {
  const symbols = new Symbols(bytes, text);
  const sorted = sortByStart(symbols);
  return {
    find: (address) => {
      const behind = firstBehind(sorted, (entry) => symbols.startOf(entry) > address);
      let best: number | undefined;
      for (let at = behind - 1; at >= Math.max(0, behind - MOST_BEFORE); at -= 1) {
        const entry = sorted[at] as number;
        const start = symbols.startOf(entry);
        if (best !== undefined && start !== symbols.startOf(best)) break;
        const size = symbols.sizeOf(entry);
        const reachesOn = size === 0 && at === behind - 1 && (hasAll || address === start);
        if (!reachesOn && !(address < start + size)) continue;
        if (best === undefined || symbols.isBetter(entry, best)) best = entry;
      }
      return best === undefined ? undefined : { name: symbols.nameOf(best), start: symbols.startOf(best) };
    },
    addressOf: (name) => {
      const places = placesOf(text, name);
      for (let entry = 0; places.size > 0 && entry < symbols.count; entry += 1) {
        if (places.has(symbols.nameAt(entry)) && symbols.isDefined(entry)) return symbols.startOf(entry);
      }
      return undefined;
    },
  };
}

/** Where a name stands in the texts: linkers let a name share the end of a longer one. */
function placesOf(text: Buffer, name: string): ReadonlySet<number> {
  const wanted = Buffer.from(`${name}\0`, 'latin1');
  const places = new Set<number>();
  for (let at = text.indexOf(wanted); at >= 0 && places.size < MOST_PLACES; at = text.indexOf(wanted, at + 1)) {
    places.add(at);
  }
  return places;
}

/** The first place of a sorted list for which the question is answered with yes. */
function firstBehind(sorted: Uint32Array, isBehind: (entry: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBehind(sorted[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Numbers of the functions, sorted by where they begin. Start and number go into one double, so that the sort of numbers,
 * which calls nobody back, does it: 300,000 symbols of V8 in 60 ms instead of 400.
 */
function sortByStart(symbols: Symbols): Uint32Array {
  const count = Math.min(symbols.count, MOST_ENTRIES);
  const packed = new Float64Array(count);
  let functions = 0;
  for (let entry = 0; entry < count; entry += 1) {
    const start = symbols.startOf(entry);
    if (!symbols.isFunction(entry) || !symbols.isDefined(entry) || start >= MOST_START) continue;
    packed[functions] = start * MOST_ENTRIES + entry;
    functions += 1;
  }
  return Uint32Array.from(packed.subarray(0, functions).sort(), (value) => value % MOST_ENTRIES);
}

/** `read@@GLIBC_2.2.5`: in the symbols of a library each name has the version that it was exported with. */
function withoutVersion(name: string): string {
  const at = name.indexOf('@');
  return at > 0 ? name.slice(0, at) : name;
}
