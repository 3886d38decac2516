import type { Elf, Section } from './elf.ts';

/** What a file says of one of its exported symbols. */
export interface DynamicSymbol {
  readonly address: number;
  readonly size: number;
}

const SHT_GNU_HASH = 0x6ffffff6;
const SYMBOL_BYTES = 24;
const HEADER_BYTES = 16;
/** Symbols of one bucket that are looked at. A linker makes a few. */
const MOST_IN_BUCKET = 256;
const NAME_BYTES = 256;

/**
 * Finds an exported symbol through the hash table that the dynamic linker uses: some small reads, where loading all symbols
 * of Node would take 10 MB. `undefined` without such a table, and for a symbol that the file does not define.
 */
export function findDynamicSymbol(elf: Elf, name: string): DynamicSymbol | undefined {
  const hashes = elf.sections.find(({ type }) => type === SHT_GNU_HASH);
  const symbols = hashes === undefined ? undefined : elf.sections[hashes.link];
  const texts = symbols === undefined ? undefined : elf.sections[symbols.link];
  if (hashes === undefined || symbols === undefined || texts === undefined) return undefined;
  const head = readExactly(elf, hashes, 0, HEADER_BYTES);
  if (head === undefined) return undefined;
  const [buckets, firstHashed, bloomWords] = [head.readUInt32LE(0), head.readUInt32LE(4), head.readUInt32LE(8)];
  if (buckets === 0) return undefined;
  const hash = gnuHash(name);
  const bucketsAt = HEADER_BYTES + 8 * bloomWords;
  const first = readExactly(elf, hashes, bucketsAt + 4 * (hash % buckets), 4)?.readUInt32LE(0) ?? 0;
  if (first < firstHashed) return undefined;
  const chainAt = bucketsAt + 4 * buckets + 4 * (first - firstHashed);
  for (let count = 0; count < MOST_IN_BUCKET; count += 1) {
    const found = readExactly(elf, hashes, chainAt + 4 * count, 4)?.readUInt32LE(0);
    if (found === undefined) return undefined;
    if (isSameHash(found, hash)) {
      const symbol = symbolAt(elf, symbols, texts, first + count, name);
      if (symbol !== undefined) return symbol;
    }
    // The lowest bit marks the last one of a bucket.
    if ((found & 1) === 1) return undefined;
  }
  return undefined;
}

/** The hash function of `DT_GNU_HASH`. */
export function gnuHash(name: string): number {
  let hash = 5381;
  for (const byte of Buffer.from(name, 'latin1')) hash = (Math.imul(hash, 33) + byte) >>> 0;
  return hash;
}

function isSameHash(a: number, b: number): boolean {
  return a >>> 1 === b >>> 1;
}

/** Sections of a symbol: 0 is wanted, not given. */
function symbolAt(elf: Elf, symbols: Section, texts: Section, index: number, name: string): DynamicSymbol | undefined {
  const entry = readExactly(elf, symbols, SYMBOL_BYTES * index, SYMBOL_BYTES);
  if (entry === undefined || entry.readUInt16LE(6) === 0 || name.length >= NAME_BYTES) return undefined;
  const text = readExactly(elf, texts, entry.readUInt32LE(0), name.length + 1);
  if (text?.toString('latin1') !== `${name}\0`) return undefined;
  return { address: wordAt(entry, 8), size: wordAt(entry, 16) };
}

function wordAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}

/** `undefined` outside of the section. */
function readExactly(elf: Elf, { offset, size }: Section, at: number, length: number): Buffer | undefined {
  if (at + length > size) return undefined;
  const bytes = elf.source.read(offset + at, length);
  return bytes?.length === length ? bytes : undefined;
}
