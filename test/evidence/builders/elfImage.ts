import { type ByteSource, type Elf, parseElf } from '../../../src/evidence/elf/elf.ts';
import { ByteWriter } from './byteWriter.ts';

export interface SectionSpec {
  readonly name: string;
  readonly bytes: Buffer;
  /** SHT_PROGBITS if it is left out. */
  readonly type?: number;
  /** Where it is loaded; 0 if it is not. */
  readonly address?: number;
  /** The name of the section that it refers to. */
  readonly link?: string;
}

export interface SegmentSpec {
  readonly type: number;
  readonly flags: number;
  /** The sections that it holds, by name: they follow each other in the file. */
  readonly sections: readonly string[];
}

export interface SymbolSpec {
  readonly name: string;
  readonly start: number;
  readonly size: number;
  /** STT_FUNC if it is left out. */
  readonly type?: number;
  /** Index of its section; 0 is wanted, not given. */
  readonly section?: number;
}

const PT_LOAD = 1;
export const EXECUTABLE = 5;
export const READABLE = 4;
const SHT_PROGBITS = 1;
const SHT_SYMTAB = 2;
const SHT_STRTAB = 3;
const SHT_DYNSYM = 11;
const SHT_GNU_HASH = 0x6ffffff6;
const X86_64 = 62;
const HEADER_BYTES = 64;
const PROGRAM_BYTES = 56;
const SECTION_BYTES = 64;

/** Reads bytes like a file. */
export const sourceOf = (bytes: Buffer): ByteSource => ({
  read: (offset, length) =>
    offset >= 0 && offset < bytes.length ? bytes.subarray(offset, Math.min(bytes.length, offset + length)) : undefined,
});

/** Parses bytes that must be an ELF file. */
export function elfOf(bytes: Buffer): Elf {
  const elf = parseElf(sourceOf(bytes));
  if ('error' in elf) throw new Error(elf.error);
  return elf;
}

/** `.symtab` or `.dynsym` with its texts. */
export function symbolSections(symbols: readonly SymbolSpec[], isDynamic = false): SectionSpec[] {
  const texts = new ByteWriter().text('');
  const table = new ByteWriter().buffer(Buffer.alloc(24));
  for (const { name, section = 1, size, start, type = 2 } of symbols) {
    table.u32(texts.length).bytes(type, 0).u16(section).u64(start).u64(size);
    texts.text(name);
  }
  const [own, strings] = isDynamic ? ['.dynsym', '.dynstr'] : ['.symtab', '.strtab'];
  return [
    { name: own, bytes: table.done(), type: isDynamic ? SHT_DYNSYM : SHT_SYMTAB, link: strings },
    { name: strings, bytes: texts.done(), type: SHT_STRTAB },
  ];
}

/** The hash table of `.dynsym` with these symbols, all of them in one bucket. */
export function hashSection(symbols: readonly SymbolSpec[]): SectionSpec {
  const table = new ByteWriter().u32(1).u32(1).u32(1).u32(0).u64(-1).u32(1);
  for (const [index, { name }] of symbols.entries()) {
    let hash = 5381;
    for (const char of Buffer.from(name)) hash = (hash * 33 + char) % 2 ** 32;
    table.u32(((hash & ~1) | (index === symbols.length - 1 ? 1 : 0)) >>> 0);
  }
  return { name: '.gnu.hash', bytes: table.done(), type: SHT_GNU_HASH, link: '.dynsym' };
}

/**
 * A 64-bit ELF file of these sections. Loaded sections are put at a place in the file that equals their address, so that
 * file offsets and addresses can be told by eye in a test.
 */
export function elfImage(
  sections: readonly SectionSpec[],
  {
    entry = 0,
    machine = X86_64,
    segments = loadSegments(sections),
  }: { entry?: number; machine?: number; segments?: readonly SegmentSpec[] } = {},
): Buffer {
  const all = [{ name: '', bytes: Buffer.alloc(0), type: 0 }, ...sections, namesOf(sections)];
  const placed = place(all);
  const end = placed.reduce((most, { bytes, offset }) => Math.max(most, offset + bytes.length), HEADER_BYTES);
  const programOffset = align(end, 8);
  const sectionOffset = programOffset + segments.length * PROGRAM_BYTES;
  const file = Buffer.alloc(sectionOffset + placed.length * SECTION_BYTES);
  const header = new ByteWriter()
    .buffer(Buffer.from('\x7fELF\x02\x01\x01', 'latin1'))
    .align(16)
    .u16(3)
    .u16(machine)
    .u32(1)
    .u64(entry)
    .u64(programOffset)
    .u64(sectionOffset)
    .u32(0)
    .u16(HEADER_BYTES)
    .u16(PROGRAM_BYTES)
    .u16(segments.length)
    .u16(SECTION_BYTES)
    .u16(placed.length)
    .u16(placed.length - 1)
    .done();
  header.copy(file, 0);
  for (const { bytes, offset } of placed) bytes.copy(file, offset);
  segments
    .map((one) => programHeader(one, placed))
    .forEach((bytes, index) => {
      bytes.copy(file, programOffset + index * PROGRAM_BYTES);
    });
  sectionHeaders(placed).copy(file, sectionOffset);
  return file;
}

type Placed = SectionSpec & { readonly offset: number };

function place(sections: readonly SectionSpec[]): Placed[] {
  let at = HEADER_BYTES;
  for (const { address = 0, bytes } of sections) at = Math.max(at, address + bytes.length);
  return sections.map((section) => {
    if (section.address !== undefined && section.address > 0) return { ...section, offset: section.address };
    const offset = align(at, 8);
    at = offset + section.bytes.length;
    return { ...section, offset };
  });
}

function programHeader({ flags, sections, type }: SegmentSpec, placed: readonly Placed[]): Buffer {
  const held = placed.filter(({ name }) => sections.includes(name));
  const start = held.reduce((least, { offset }) => Math.min(least, offset), Number.POSITIVE_INFINITY);
  const end = held.reduce((most, { bytes, offset }) => Math.max(most, offset + bytes.length), 0);
  const writer = new ByteWriter().u32(type).u32(flags);
  return writer
    .u64(start)
    .u64(start)
    .u64(start)
    .u64(end - start)
    .u64(end - start)
    .u64(4096)
    .done();
}

function sectionHeaders(placed: readonly Placed[]): Buffer {
  const names = placed.at(-1)?.bytes ?? Buffer.alloc(0);
  const writer = new ByteWriter();
  for (const { address = 0, bytes, link, name, offset, type = SHT_PROGBITS } of placed) {
    writer
      .u32(name === '' ? 0 : names.indexOf(`${name}\0`, 'latin1'))
      .u32(type)
      .u64(0)
      .u64(address)
      .u64(offset)
      .u64(bytes.length)
      .u32(link === undefined ? 0 : placed.findIndex((one) => one.name === link))
      .u32(0)
      .u64(1)
      .u64(0);
  }
  return writer.done();
}

/** One segment for everything that is loaded, one of code for `.text`. */
function loadSegments(sections: readonly SectionSpec[]): SegmentSpec[] {
  const loaded = sections.filter(({ address = 0 }) => address > 0).map(({ name }) => name);
  const of = (flags: number, names: readonly string[]): SegmentSpec[] =>
    names.length === 0 ? [] : [{ type: PT_LOAD, flags, sections: names }];
  return [
    ...of(
      EXECUTABLE,
      loaded.filter((name) => name === '.text'),
    ),
    ...of(
      READABLE,
      loaded.filter((name) => name !== '.text'),
    ),
  ];
}

function namesOf(sections: readonly SectionSpec[]): SectionSpec {
  const writer = new ByteWriter().text('');
  for (const { name } of sections) writer.text(name);
  return { name: '.shstrtab', bytes: writer.text('.shstrtab').done(), type: SHT_STRTAB };
}

function align(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
