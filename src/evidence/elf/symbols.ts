import type { Elf, Section } from './elf.ts';

/** Functions of a file by address. */
export interface SymbolTable {
  /** The function that an address is in, with where it begins; `undefined` between functions. */
  find(address: number): { readonly name: string; readonly start: number } | undefined;
  /** The address of a symbol. */
  addressOf(name: string): number | undefined;
}

const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
const SYMBOL_BYTES = 24;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
/** A table larger than this is not a table. V8 with all of its symbols has 30 MB. */
const MOST_BYTES = 512 << 20;

/** `.symtab` where the file was not stripped, else `.dynsym`: what it exports. Empty when there is neither. */
export function readSymbols(elf: Elf): SymbolTable {
  const table =
    elf.sections.find(({ type }) => type === SHT_SYMTAB) ?? elf.sections.find(({ type }) => type === SHT_DYNSYM);
  const names = table === undefined ? undefined : elf.sections[table.link];
  const bytes = table === undefined ? undefined : load(elf, table);
  const text = names === undefined ? undefined : load(elf, names);
  if (bytes === undefined || text === undefined) return { find: () => undefined, addressOf: () => undefined };
  return index(bytes, text);
}

function load({ source }: Elf, { offset, size }: Section): Buffer | undefined {
  return size > MOST_BYTES ? undefined : source.read(offset, size);
}

function index(bytes: Buffer, text: Buffer): SymbolTable {
  const count = Math.floor(bytes.length / SYMBOL_BYTES);
  const starts = new Float64Array(count);
  let functions = 0;
  const entries = new Uint32Array(count);
  for (let entry = 0; entry < count; entry += 1) {
    const at = entry * SYMBOL_BYTES;
    const type = (bytes[at + 4] as number) & 0xf;
    const isDefined = bytes.readUInt16LE(at + 6) !== 0;
    if (isDefined && (type === STT_FUNC || type === STT_GNU_IFUNC || type === 0)) {
      // Assembly often leaves its functions without a type.
      if (type === 0 && bytes.readUInt32LE(at + 16) === 0) continue;
      entries[functions] = entry;
      functions += 1;
    }
  }
  const addressIn = (entry: number): number => {
    const at = entry * SYMBOL_BYTES + 8;
    return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
  };
  const sorted = entries.subarray(0, functions).sort((a, b) => addressIn(a) - addressIn(b));
  for (let i = 0; i < functions; i += 1) starts[i] = addressIn(sorted[i] as number);
  const nameOf = (entry: number): string => {
    const at = bytes.readUInt32LE(entry * SYMBOL_BYTES);
    const end = at < text.length ? text.indexOf(0, at) : -1;
    return end < 0 ? '' : text.toString('latin1', at, end);
  };
  return {
    find: (address) => {
      let low = 0;
      let high = functions;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((starts[middle] as number) <= address) low = middle + 1;
        else high = middle;
      }
      // Several names may begin at one address; a size of 0 reaches to the next.
      for (let i = low - 1; i >= 0 && i >= low - 8; i -= 1) {
        const entry = sorted[i] as number;
        const start = starts[i] as number;
        const size = bytes.readUInt32LE(entry * SYMBOL_BYTES + 16);
        if (address < start + size || (size === 0 && i === low - 1)) return { name: nameOf(entry), start };
      }
      return undefined;
    },
    addressOf: (name) => {
      const wanted = Buffer.from(`\0${name}\0`, 'latin1');
      // A name may also be the end of a longer one: then the table points into its middle.
      for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
        for (let entry = 0; entry < count; entry += 1) {
          const base = entry * SYMBOL_BYTES;
          const isDefined = bytes.readUInt16LE(base + 6) !== 0;
          if (isDefined && bytes.readUInt32LE(base) === at + 1) return addressIn(entry);
        }
      }
      return undefined;
    },
  };
}
