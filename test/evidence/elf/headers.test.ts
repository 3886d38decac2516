import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { addressOf, PT_LOAD, parseElf, readAt } from '../../../src/evidence/elf/elf.ts';
import { readSymbols } from '../../../src/evidence/elf/symbols.ts';
import { findUnwindRule } from '../../../src/evidence/elf/unwindTable.ts';
import { elfImage, elfOf, sourceOf } from '../builders/elfImage.ts';

const TEXT = { name: '.text', bytes: Buffer.alloc(0x100, 0x90), address: 0x1000 };
const DATA = { name: '.data', bytes: Buffer.from('some data'), address: 0x2000 };

describe('parseElf', () => {
  it.for([
    ['nothing', Buffer.alloc(0), /too short/],
    ['half a header', elfImage([TEXT]).subarray(0, 40), /too short/],
    ['a script', Buffer.from(`#!/bin/sh\n${' '.repeat(64)}`), /no ELF/],
    ['32 bits', Buffer.from(`\x7fELF\x01\x01${'\0'.repeat(64)}`, 'latin1'), /64-bit/],
    ['big-endian', Buffer.from(`\x7fELF\x02\x02${'\0'.repeat(64)}`, 'latin1'), /little-endian/],
  ] as const)('%s is refused in words', ([, bytes, message]) => {
    expect(parseElf(sourceOf(bytes))).toEqual({ error: expect.stringMatching(message) });
  });
  it('sections with their names, segments with their rights', () => {
    const elf = elfOf(elfImage([TEXT, DATA]));
    expect(elf.isX64).toBe(true);
    expect(elf.sections.map(({ name }) => name)).toEqual(['', '.text', '.data', '.shstrtab']);
    expect(elf.segments).toMatchObject([
      { type: PT_LOAD, isExecutable: true, address: 0x1000, fileSize: 0x100 },
      { type: PT_LOAD, isExecutable: false, address: 0x2000, fileSize: 9 },
    ]);
  });
  it('another processor', () => {
    expect(elfOf(elfImage([TEXT], { machine: 183 })).isX64).toBe(false);
  });
  it.for([
    ['program headers of an unknown size', 54, 40, { error: 'program headers of an unknown size' }],
    ['section headers of an unknown size: there are none', 58, 40, { sections: [] }],
    ['section headers outside of the file', 40, 0xffffff, { sections: [] }],
    ['names that are no section: they are empty', 62, 99, { sections: [{ name: '' }, { name: '' }, {}] }],
  ] as const)('%s', ([, at, value, want]) => {
    const bytes = elfImage([TEXT]);
    bytes.writeUInt16LE(value & 0xffff, at);
    if (value > 0xffff) bytes.writeUInt16LE(value >> 16, at + 2);
    expect(parseElf(sourceOf(bytes))).toMatchObject(want);
  });
  it('more headers than a linker makes: the first of them', () => {
    const bytes = elfImage([TEXT]);
    bytes.writeUInt16LE(0xffff, 56);
    bytes.writeUInt16LE(0xffff, 60);
    const elf = elfOf(bytes);
    expect(elf.segments.length + elf.sections.length).toBeLessThan(20);
  });
});

describe('addresses', () => {
  const elf = elfOf(elfImage([TEXT, DATA]));
  it('bytes at an address, cut at the end of their segment', () => {
    expect(readAt(elf, 0x2005, 100)?.toString()).toBe('data');
  });
  it('nothing is loaded there', () => {
    expect(readAt(elf, 0x3000, 8)).toBeUndefined();
    expect(readAt(elf, 0x2009, 1)).toBeUndefined();
  });
  it('the address of a byte of the file, if it is code', () => {
    expect(addressOf(elf, 0x1010)).toBe(0x1010);
    expect(addressOf(elf, 0x2000)).toBeUndefined();
  });
  it('a segment is mapped from the start of its page', () => {
    const moved = elfOf(elfImage([{ ...TEXT, address: 0x1080 }]));
    expect(addressOf(moved, 0x1000)).toBe(0x1000);
  });
  it('a page of arm64 may be larger: then more of the file is mapped before it', () => {
    const moved = elfOf(elfImage([{ ...TEXT, address: 0x1_7080 }]));
    expect([0x1_7000, 0x1_4000, 0x1_0000, 0xf000].map((offset) => addressOf(moved, offset))).toEqual([
      0x1_7000,
      0x1_4000,
      0x1_0000,
      undefined,
    ]);
  });
});

it('this Node: its own functions by address, from a file of 100 MB that is never read whole', () => {
  const fd = openSync(process.execPath, 'r');
  let most = 0;
  const elf = parseElf({
    read: (offset, length) => {
      const bytes = Buffer.alloc(Math.min(length, fstatSync(fd).size - offset));
      most = Math.max(most, bytes.length);
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, offset));
    },
  });
  if ('error' in elf) throw new Error(elf.error);
  const segment = elf.segments.find(({ isExecutable, type }) => type === PT_LOAD && isExecutable);
  expect(addressOf(elf, segment?.offset ?? -1)).toBe(segment?.address);
  const symbols = readSymbols(elf);
  const start = symbols.addressOf('_ZN4node5StartEiPPc') ?? 0;
  expect(findUnwindRule(elf, start)).toMatchObject({
    functionStart: start,
    isBottom: false,
    cfa: { kind: 'register', register: 7, offset: 8 },
  });
  expect(symbols.find(start + 1)?.start).toBe(start);
  expect(most).toBeLessThan(fstatSync(fd).size);
  closeSync(fd);
});
