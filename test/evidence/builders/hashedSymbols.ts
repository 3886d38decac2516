import { gnuHash } from '../../../src/evidence/elf/exportedSymbols.ts';
import { ByteWriter } from './byteWriter.ts';
import { type SectionSpec, type SymbolSpec, symbolSections } from './elfImage.ts';

const SHT_GNU_HASH = 0x6ffffff6;
const BUCKETS = 3;

/** What the dynamic linker looks symbols up in: the first symbol is none, then they follow in the order of their buckets. */
export function hashedSymbols(symbols: readonly SymbolSpec[]): SectionSpec[] {
  const bucketOf = ({ name }: SymbolSpec): number => gnuHash(name) % BUCKETS;
  const sorted = [...symbols].sort((a, b) => bucketOf(a) - bucketOf(b));
  // One word of the filter, which the reader does not need.
  const table = new ByteWriter().u32(BUCKETS).u32(1).u32(1).u32(6).u64(-1);
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    table.u32(1 + sorted.findIndex((symbol) => bucketOf(symbol) === bucket));
  }
  for (const [index, symbol] of sorted.entries()) {
    const next = sorted[index + 1];
    const isLast = next === undefined || bucketOf(next) !== bucketOf(symbol);
    table.u32(((gnuHash(symbol.name) & ~1) | (isLast ? 1 : 0)) >>> 0);
  }
  return [
    { name: '.gnu.hash', bytes: table.done(), type: SHT_GNU_HASH, link: '.dynsym' },
    ...symbolSections(sorted, true),
  ];
}
