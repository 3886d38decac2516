import { Cursor } from './bytes.ts';
import type { ReadLimits } from './readLimits.ts';

/** Where the bytes of an ELF file come from: the file itself, or the memory that it is mapped into. */
export interface ByteSource {
  /** Up to `length` bytes from a file offset; fewer at its end, `undefined` when they cannot be read. */
  read(offset: number, length: number): Buffer | undefined;
  /** What it may cost; without them it is trusted. */
  readonly limits?: ReadLimits;
}

export interface Segment {
  readonly type: number;
  readonly isExecutable: boolean;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
}

export interface Section {
  readonly name: string;
  readonly type: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** The header tables of an ELF file. The rest is read when it is asked for: there are files of 2 GB. */
export interface Elf {
  readonly isX64: boolean;
  /** Where the program begins; 0 for a library. */
  readonly entry: number;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];
  readonly source: ByteSource;
}

export const PT_LOAD = 1;
export const PT_GNU_EH_FRAME = 0x6474e550;

const X86_64 = 62;
const PHDR_BYTES = 56;
const SHDR_BYTES = 64;
/** Far more headers than any linker makes, and few enough to read all of them. */
const MOST_HEADERS = 4_096;
const MOST_NAME_BYTES = 1 << 20;
/** A segment is mapped from the start of the page that holds its first byte. arm64 has larger pages than x86-64, too. */
const PAGES = [4_096, 16_384, 65_536];

/** The headers of a 64-bit little-endian ELF file (elf(5)), or an error in words for anything else. Never throws. */
export function parseElf(source: ByteSource): Elf | { readonly error: string } {
  const head = source.read(0, 64);
  if (head === undefined || head.length < 64) return { error: 'too short for an ELF header' };
  if (head.readUInt32BE(0) !== 0x7f454c46) return { error: 'no ELF file' };
  if (head[4] !== 2 || head[5] !== 1) return { error: 'not a 64-bit little-endian ELF file' };
  const cursor = new Cursor(head, 18);
  const machine = cursor.u16();
  // e_version
  cursor.advance(4);
  const entry = cursor.u64();
  const programOffset = cursor.u64();
  const sectionOffset = cursor.u64();
  // e_flags, e_ehsize
  cursor.advance(4 + 2);
  const programSize = cursor.u16();
  const programCount = cursor.u16();
  const sectionSize = cursor.u16();
  const sectionCount = cursor.u16();
  const namesIndex = cursor.u16();
  if (programCount > 0 && programSize !== PHDR_BYTES) return { error: 'program headers of an unknown size' };
  return {
    isX64: machine === X86_64,
    entry,
    segments: readSegments(source, programOffset, programCount),
    sections: sectionSize === SHDR_BYTES ? readSections(source, sectionOffset, sectionCount, namesIndex) : [],
    source,
  };
}

function readSegments(source: ByteSource, offset: number, count: number): Segment[] {
  const bytes = source.read(offset, Math.min(count, MOST_HEADERS) * PHDR_BYTES);
  const segments: Segment[] = [];
  for (let at = 0; bytes !== undefined && at + PHDR_BYTES <= bytes.length; at += PHDR_BYTES) {
    const cursor = new Cursor(bytes, at);
    const type = cursor.u32();
    const flags = cursor.u32();
    const from = cursor.u64();
    const address = cursor.u64();
    // p_paddr
    cursor.advance(8);
    const fileSize = cursor.u64();
    segments.push({
      type,
      isExecutable: (flags & 1) !== 0,
      offset: from,
      address,
      fileSize,
      memorySize: cursor.u64(),
    });
  }
  return segments;
}

function readSections(source: ByteSource, offset: number, count: number, namesIndex: number): Section[] {
  const bytes = source.read(offset, Math.min(count, MOST_HEADERS) * SHDR_BYTES);
  if (bytes === undefined) return [];
  const raw: (Omit<Section, 'name'> & { nameAt: number })[] = [];
  for (let at = 0; at + SHDR_BYTES <= bytes.length; at += SHDR_BYTES) {
    const cursor = new Cursor(bytes, at);
    const nameAt = cursor.u32();
    const type = cursor.u32();
    // sh_flags
    cursor.advance(8);
    const address = cursor.u64();
    const from = cursor.u64();
    const size = cursor.u64();
    raw.push({ nameAt, type, address, offset: from, size, link: cursor.u32() });
  }
  const table = raw[namesIndex];
  const names = table === undefined ? undefined : source.read(table.offset, Math.min(table.size, MOST_NAME_BYTES));
  return raw.map(({ nameAt, ...section }) => ({
    ...section,
    name: names === undefined ? '' : new Cursor(names, nameAt).text(),
  }));
}

/** Bytes at an address as the linker gave it, from the segment that is loaded there. `undefined` if none is. */
export function readAt(elf: Elf, address: number, length: number): Buffer | undefined {
  const segment = elf.segments.find(
    (one) => one.type === PT_LOAD && address >= one.address && address < one.address + one.fileSize,
  );
  if (segment === undefined) return undefined;
  const within = address - segment.address;
  return elf.source.read(segment.offset + within, Math.min(length, segment.fileSize - within));
}

/** The linker's address of a byte of the file that is mapped as code. `undefined` if no segment of code has it. */
export function addressOf(elf: Elf, fileOffset: number): number | undefined {
  for (const pageBytes of PAGES) {
    const segment = elf.segments.find(
      (one) =>
        one.type === PT_LOAD &&
        one.isExecutable &&
        fileOffset >= one.offset - (one.offset % pageBytes) &&
        fileOffset < one.offset + one.fileSize,
    );
    if (segment !== undefined) return fileOffset - segment.offset + segment.address;
  }
  return undefined;
}
