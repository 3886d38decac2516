import { describe, expect, it } from 'vitest';
import { limitsUntil } from '../../../src/evidence/elf/readLimits.ts';
import { readSymbols } from '../../../src/evidence/elf/symbols.ts';
import { elfImage, elfOf, type SymbolSpec, symbolSections } from '../builders/elfImage.ts';

const TEXT = { name: '.text', bytes: Buffer.alloc(0x100, 0x90), address: 0x1000 };
const tableOf = (symbols: readonly SymbolSpec[], isDynamic = false) =>
  readSymbols(elfOf(elfImage([TEXT, ...symbolSections(symbols, isDynamic)])));

const SYMBOLS: readonly SymbolSpec[] = [
  { name: 'serve', start: 0x1020, size: 0x20 },
  { name: 'main', start: 0x1000, size: 0x10 },
  { name: 'alias_of_serve', start: 0x1020, size: 0x20 },
  { name: 'assembly', start: 0x1060, size: 0 },
  { name: 'after', start: 0x1080, size: 0x10 },
  { name: 'table', start: 0x1010, size: 0x10, type: 1 },
  { name: 'pthread_create', start: 0, size: 0, section: 0 },
];

describe('find', () => {
  const symbols = tableOf(SYMBOLS);
  it.for([
    ['the first byte', 0x1000, 'main'],
    ['the last byte', 0x100f, 'main'],
    ['behind the end of a function', 0x1015, undefined],
    ['in the middle', 0x1030, 'alias_of_serve'],
    ['a size of 0 reaches to the next', 0x1075, 'assembly'],
    ['before all', 0xfff, undefined],
    ['behind all', 0x1090, undefined],
    ['no address', Number.NaN, undefined],
  ] as const)('%s', ([, address, want]) => {
    expect(symbols.find(address)?.name).toBe(want);
  });
  it('data is no function', () => {
    expect(symbols.find(0x1018)).toBeUndefined();
  });
});

describe('addressOf', () => {
  it.for([
    ['a function', 'main', 0x1000],
    ['data', 'table', 0x1010],
    ['what the file wants from others', 'pthread_create', undefined],
    ['a name that is not there', 'mai', undefined],
    ['nothing', 'nothing', undefined],
  ] as const)('%s', ([, name, want]) => {
    expect(tableOf(SYMBOLS).addressOf(name)).toBe(want);
  });
  it('a name that shares the end of a longer one, as linkers merge texts', () => {
    const sections = symbolSections([{ name: 'my_start', start: 0x1040, size: 4 }]);
    const table = sections[0]?.bytes;
    // Points at `start` in `\0my_start\0`.
    table?.writeUInt32LE(4, 24);
    expect(readSymbols(elfOf(elfImage([TEXT, ...sections]))).addressOf('start')).toBe(0x1040);
  });
  it('thousands of places where it may stand: no more than a few are tried', () => {
    const sections = symbolSections([{ name: 'other', start: 0x1040, size: 4 }]);
    const texts = { name: '.strtab', bytes: Buffer.from(`\0other\0${'x\0'.repeat(50_000)}`), type: 3 };
    const symbols = readSymbols(elfOf(elfImage([TEXT, sections[0] as never, texts])));
    expect(symbols.addressOf('x')).toBeUndefined();
    expect(symbols.addressOf('other')).toBe(0x1040);
  });
});

describe('which table', () => {
  it('a stripped file has what it exports', () => {
    expect(tableOf(SYMBOLS, true).find(0x1000)?.name).toBe('main');
  });
  it('both: the whole one', () => {
    const both = [...symbolSections([{ name: 'exported', start: 0x1000, size: 8 }], true), ...symbolSections(SYMBOLS)];
    expect(readSymbols(elfOf(elfImage([TEXT, ...both]))).find(0x1000)?.name).toBe('main');
  });
  it('none, or one without its texts', () => {
    expect(readSymbols(elfOf(elfImage([TEXT]))).find(0x1000)).toBeUndefined();
    const [alone] = symbolSections(SYMBOLS);
    const image = elfImage([TEXT, { ...(alone as NonNullable<typeof alone>), link: '' }]);
    expect(readSymbols(elfOf(image)).find(0x1000)?.name ?? '').toBe('');
  });
  it('a table that is cut in the middle of a symbol: those before', () => {
    const [table, texts] = symbolSections(SYMBOLS) as [never, never];
    const cut = { ...(table as object), bytes: (table as { bytes: Buffer }).bytes.subarray(0, 24 * 2 + 10) } as never;
    const symbols = readSymbols(elfOf(elfImage([TEXT, cut, texts])));
    expect([symbols.find(0x1020)?.name, symbols.find(0x1000)?.name]).toEqual(['serve', undefined]);
  });
  it('a name outside of the texts is empty', () => {
    const [table, texts] = symbolSections([{ name: 'main', start: 0x1000, size: 8 }]) as [never, never];
    (table as { bytes: Buffer }).bytes.writeUInt32LE(0xffffff, 24);
    expect(readSymbols(elfOf(elfImage([TEXT, table, texts]))).find(0x1000)).toEqual({
      name: '',
      start: 0x1000,
    });
  });
});

describe('tables that are as large as their header says', () => {
  const image = elfImage([TEXT, ...symbolSections([{ name: 'main', start: 0x1000, size: 0x10 }])]);
  const within = (mostBytes: number, endMs: number) =>
    readSymbols({
      ...elfOf(image),
      source: { ...elfOf(image).source, limits: limitsUntil(endMs, () => 0, mostBytes) },
    });
  it('are loaded if there is room and time', () => {
    expect(within(1_000, 10).find(0x1000)?.name).toBe('main');
  });
  it.for([
    ['no memory is left', 10, 10],
    ['no time is left', 1_000, 0],
  ] as const)('are not there if %s', ([, bytes, endMs]) => {
    expect(within(bytes, endMs).find(0x1000)).toBeUndefined();
    expect(within(bytes, endMs).addressOf('main')).toBeUndefined();
  });
});
