import { Cursor } from './bytes.ts';
import { MOST_RECORD, readCommon } from './cfiRecords.ts';
import { type Elf, PT_LOAD, readAt, type Segment } from './elf.ts';
import { pointer } from './pointer.ts';
import { NO_LIMITS } from './readLimits.ts';

/** Functions of a file that has no search table, sorted by where they begin. */
interface FrameIndex {
  readonly starts: Float64Array;
  /** The address of the description of each. */
  readonly records: Float64Array;
}

/** Where `.eh_frame` lies. */
interface Frames {
  readonly address: number;
  readonly bytes: Buffer;
}

/** Every record is looked at once. */
const BYTES_PER_MS = 64 << 10;
/** A static program with a C library has 2,000. */
const MOST_FUNCTIONS = 1 << 18;
const RECORDS_A_LOOK = 1_024;
/** A common record: its number 0, its version 1, and the letter that every compiler begins with. */
const COMMON_MARK = Buffer.from([0, 0, 0, 0, 1, 0x7a]);
/** Places that look like one. In a file without section headers they are found by their bytes. */
const MOST_PLACES = 4_096;
/** So many records, one behind another, are no chance. */
const SURE_RECORDS = 3;
/** Zero words between the parts of a section that a linker put together. */
const MOST_ENDS = 16;

const known = new WeakMap<Elf, FrameIndex>();

/**
 * The record of `.eh_frame` for the function that begins last at or before an address. gcc leaves the search table out of a
 * static program: there nobody but a debugger would read it.
 */
export function findInFrames(elf: Elf, address: number): number | undefined {
  let index = known.get(elf);
  if (index === undefined) {
    index = makeIndex(elf);
    known.set(elf, index);
  }
  let low = 0;
  let high = index.starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((index.starts[middle] as number) <= address) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? undefined : index.records[low - 1];
}

function makeIndex(elf: Elf): FrameIndex {
  const found: { start: number; record: number }[] = [];
  const frames = framesOf(elf);
  if (frames !== undefined) {
    walk(elf, frames, (start, record) => {
      found.push({ start, record });
      return found.length < MOST_FUNCTIONS;
    });
  }
  found.sort((a, b) => a.start - b.start);
  return {
    starts: Float64Array.from(found, ({ start }) => start),
    records: Float64Array.from(found, ({ record }) => record),
  };
}

/** `.eh_frame` by its section; in a file whose section headers were taken out, where its records begin. */
function framesOf(elf: Elf): Frames | undefined {
  const limits = elf.source.limits ?? NO_LIMITS;
  const section = elf.sections.find(({ name }) => name === '.eh_frame');
  if (section !== undefined) {
    const bytes = limits.mayLoad(section.size, BYTES_PER_MS) ? readAt(elf, section.address, section.size) : undefined;
    return bytes === undefined ? undefined : { address: section.address, bytes };
  }
  if (elf.sections.length > 0) return undefined;
  for (const segment of elf.segments) {
    if (segment.type !== PT_LOAD || !limits.mayLoad(segment.fileSize, BYTES_PER_MS)) continue;
    const frames = searchSegment(elf, segment);
    if (frames !== undefined) return frames;
  }
  return undefined;
}

function searchSegment(elf: Elf, { address, fileSize }: Segment): Frames | undefined {
  const bytes = readAt(elf, address, fileSize);
  if (bytes === undefined) return undefined;
  let at = bytes.indexOf(COMMON_MARK);
  for (let places = 0; at >= 0 && places < MOST_PLACES; places += 1) {
    const start = at - 4;
    if (start >= 0) {
      const frames = { address: address + start, bytes: bytes.subarray(start) };
      let records = 0;
      walk(elf, frames, () => {
        records += 1;
        return records < SURE_RECORDS;
      });
      if (records === SURE_RECORDS) return frames;
    }
    at = bytes.indexOf(COMMON_MARK, at + 1);
  }
  return undefined;
}

/** Calls back for every function, until that says no, the bytes make no sense any more, or the time is up. */
function walk(elf: Elf, { address, bytes }: Frames, use: (start: number, record: number) => boolean): void {
  const limits = elf.source.limits ?? NO_LIMITS;
  const encodings = new Map<number, number | undefined>();
  const encodingAt = (common: number): number | undefined => {
    if (!encodings.has(common)) encodings.set(common, readCommon(elf, common)?.encoding);
    return encodings.get(common);
  };
  let records = 0;
  let ends = 0;
  for (let at = 0; at + 8 <= bytes.length; ) {
    records += 1;
    if (records % RECORDS_A_LOOK === 0 && limits.isOver()) return;
    const length = bytes.readUInt32LE(at);
    if (length === 0) {
      ends += 1;
      if (ends > MOST_ENDS) return;
      at += 4;
      continue;
    }
    ends = 0;
    if (length < 4 || length > MOST_RECORD || at + 4 + length > bytes.length) return;
    const back = bytes.readUInt32LE(at + 4);
    if (back !== 0) {
      const encoding = encodingAt(address + at + 4 - back);
      if (encoding === undefined) return;
      const start = pointer(new Cursor(bytes, at + 8, at + 4 + length), encoding, address);
      if (start !== undefined && !use(start, address + at)) return;
    }
    at += 4 + length;
  }
}
