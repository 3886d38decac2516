import { describe, expect, it } from 'vitest';
import { exportedAddress } from '../../../src/evidence/elf/exportedSymbols.ts';
import { elfImage, elfOf, hashSection, type SymbolSpec, symbolSections } from '../builders/elfImage.ts';

const SYMBOLS: readonly SymbolSpec[] = [
  { name: 'gHotSpotVMStructs', start: 0x1020, size: 8, type: 1 },
  { name: 'JNI_CreateJavaVM', start: 0x1000, size: 0x10 },
  { name: 'wanted', start: 0, size: 0, section: 0 },
];
const TEXT = { name: '.text', bytes: Buffer.alloc(0x100, 0x90), address: 0x1000 };
const imageOf = (...more: Parameters<typeof elfImage>[0]) =>
  elfOf(elfImage([TEXT, ...symbolSections(SYMBOLS, true), ...more]));

describe('the address of one symbol', () => {
  const elf = imageOf(hashSection(SYMBOLS));
  it.for([
    ['data', 'gHotSpotVMStructs', 0x1020],
    ['a function', 'JNI_CreateJavaVM', 0x1000],
    ['what the file wants from others', 'wanted', undefined],
    ['a name that is not there', 'gHotSpotVMTypes', undefined],
    ['the start of a name', 'JNI_Create', undefined],
  ] as const)('%s', ([, name, want]) => {
    expect(exportedAddress(elf, name)).toBe(want);
  });
});

describe('damage', () => {
  const words = (...values: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
    return bytes;
  };
  it.for([
    ['no table', undefined],
    ['an empty table', Buffer.alloc(0)],
    ['no buckets', words(0, 1, 1, 0, 0, 0)],
    ['a filter of 32 GiB', words(1, 1, 0xffff_ffff, 0, 0, 0, 1)],
    ['a bucket that begins at the end of the world', words(1, 1, 1, 0, 0, 0, 0xffff_ffff)],
    ['a chain without an end', words(1, 1, 1, 0, 0, 0, 1, ...Array.from({ length: 64 }, () => 2))],
  ] as const)('%s', ([, bytes]) => {
    const section = { ...hashSection(SYMBOLS), ...(bytes === undefined ? {} : { bytes }) };
    expect(exportedAddress(bytes === undefined ? imageOf() : imageOf(section), 'JNI_CreateJavaVM')).toBeUndefined();
  });
});
