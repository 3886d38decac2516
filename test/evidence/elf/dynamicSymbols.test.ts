import { describe, expect, it } from 'vitest';
import { exportedSymbol, gnuHash } from '../../../src/evidence/elf/exportedSymbols.ts';
import { elfImage, elfOf, type SectionSpec, symbolSections } from '../builders/elfImage.ts';
import { hashedSymbols } from '../builders/hashedSymbols.ts';

const SYMBOLS = ['uv_once', 'v8dbg_TaggedSize', 'v8dbg_SmiTag', 'main', 'a', 'b', 'c'].map((name, index) => ({
  name,
  start: 0x1000 + 16 * index,
  size: 4,
  type: 1,
}));
const TEXT = { name: '.text', bytes: Buffer.alloc(16), address: 0x1000 };
const fileOf = (sections: readonly SectionSpec[]) => elfOf(elfImage([TEXT, ...sections]));

it('hashes as the dynamic linker does', () => {
  expect([gnuHash(''), gnuHash('printf'), gnuHash('syscall')]).toEqual([0x1505, 0x156b2bb8, 0xbac212a0]);
});

describe('exportedSymbol', () => {
  const elf = fileOf(hashedSymbols(SYMBOLS));
  it.for(SYMBOLS)('finds $name', ({ name, size, start }) => {
    expect(exportedSymbol(elf, name)).toEqual({ address: start, size });
  });
  it.for(['', 'printf', 'uv_onc', 'uv_once2', 'x'.repeat(1000)])('knows no %s', (name) => {
    expect(exportedSymbol(elf, name)).toBeUndefined();
  });
  it('a symbol that is wanted is not given', () => {
    const wanted = fileOf(hashedSymbols([{ name: 'malloc', start: 0, size: 0, section: 0 }]));
    expect(exportedSymbol(wanted, 'malloc')).toBeUndefined();
  });
  it('a file without the table has none', () => {
    expect(exportedSymbol(fileOf(symbolSections(SYMBOLS, true)), 'main')).toBeUndefined();
  });
  it.for([
    ['buckets', 0],
    ['first symbol', 4],
    ['words of the filter', 8],
    ['bucket', 24],
    ['chain', 36],
  ] as const)('is not misled by damage: %s', ([, at]) => {
    for (const value of [0, 1, 0x7fff_ffff, 0xffff_ffff]) {
      const [hashes, ...rest] = hashedSymbols(SYMBOLS) as [SectionSpec, ...SectionSpec[]];
      const bytes = Buffer.from(hashes.bytes);
      bytes.writeUInt32LE(value, at);
      const damaged = fileOf([{ ...hashes, bytes }, ...rest]);
      for (const { name, start } of SYMBOLS) {
        expect([start, undefined]).toContain(exportedSymbol(damaged, name)?.address);
      }
    }
  });
});
