import type { Elf, Section } from './elf.ts';

const SHT_GNU_HASH = 0x6ffffff6;
const HEADER_BYTES = 16;
const SYMBOL_BYTES = 24;
/** Names of one bucket. Linkers make a bucket for one to four symbols. */
const MOST_IN_BUCKET = 4096;

/**
 * The address of one symbol that a file exports, by the hash table that the dynamic loader uses (`.gnu.hash`). A handful of
 * short reads, however many symbols there are. `undefined` if the file does not define it, or has no such table.
 */
export function exportedAddress(elf: Elf, name: string): number | undefined {
  const table = elf.sections.find(({ type }) => type === SHT_GNU_HASH);
  const symbols = elf.sections[table?.link ?? -1];
  const names = elf.sections[symbols?.link ?? -1];
  const head = table === undefined ? undefined : elf.source.read(table.offset, HEADER_BYTES);
  if (table === undefined || symbols === undefined || names === undefined || head?.length !== HEADER_BYTES) {
    return undefined;
  }
  const [buckets, firstHashed, bloomWords] = [head.readUInt32LE(0), head.readUInt32LE(4), head.readUInt32LE(8)];
  if (buckets === 0) return undefined;
  const hash = gnuHash(name);
  const bucketsAt = table.offset + HEADER_BYTES + bloomWords * 8;
  const chainAt = bucketsAt + buckets * 4;
  const first = readNumber(elf, bucketsAt + (hash % buckets) * 4);
  if (first === undefined || first < firstHashed) return undefined;
  for (let entry = first; entry < first + MOST_IN_BUCKET; entry += 1) {
    const link = readNumber(elf, chainAt + (entry - firstHashed) * 4);
    if (link === undefined) return undefined;
    // The lowest bit says that it is the last one.
    if ((link | 1) === (hash | 1)) {
      const address = addressIfNamed(elf, symbols, names, entry, name);
      if (address !== undefined) return address;
    }
    if ((link & 1) === 1) return undefined;
  }
  return undefined;
}

function addressIfNamed(
  { source }: Elf,
  symbols: Section,
  names: Section,
  entry: number,
  name: string,
): number | undefined {
  const symbol = source.read(symbols.offset + entry * SYMBOL_BYTES, SYMBOL_BYTES);
  // Section 0 is none: the symbol is wanted, not given.
  if (symbol?.length !== SYMBOL_BYTES || symbol.readUInt16LE(6) === 0) return undefined;
  const text = source.read(names.offset + symbol.readUInt32LE(0), name.length + 1);
  if (text?.toString('latin1') !== `${name}\0`) return undefined;
  return symbol.readUInt32LE(12) * 2 ** 32 + symbol.readUInt32LE(8);
}

function readNumber({ source }: Elf, at: number): number | undefined {
  const bytes = source.read(at, 4);
  return bytes?.length === 4 ? bytes.readUInt32LE(0) : undefined;
}

/** The hash of Daniel J. Bernstein, as glibc has it (elf/dl-lookup.c). */
function gnuHash(name: string): number {
  let hash = 5381;
  for (const char of Buffer.from(name, 'latin1')) hash = (Math.imul(hash, 33) + char) >>> 0;
  return hash;
}
