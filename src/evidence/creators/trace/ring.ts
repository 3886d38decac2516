import type { PerfRing } from '../../../sys/perfEvents.ts';

/** Offsets in `struct perf_event_mmap_page`. */
const DATA_HEAD = 1024;
const DATA_TAIL = 1032;
const PAGE = 4096;
const HEADER_BYTES = 8;
const RECORD_LOST = 2;
const RECORD_SAMPLE = 9;

/** What is in a ring. */
export interface Drained {
  /** They lie in the ring itself, until `release`. */
  readonly records: readonly Buffer[];
  /** Records that the kernel had no room for. */
  readonly lost: number;
  /** Records that are there, but not among these: more than `most`. */
  readonly skipped: number;
  /** Gives the room of all of them back to the kernel, which writes over it. */
  release(): void;
}

/**
 * Everything that is in a ring now. Only a record that goes over the end of the ring is put together elsewhere: to copy 8 KiB
 * each was most of what a record cost. The kernel writes while this reads, but never over what lies between tail and head.
 */
export function readRing({ bytes, view }: PerfRing, most: number): Drained {
  const size = view.byteLength - PAGE;
  const head = Number(view.getBigUint64(DATA_HEAD, true));
  const records: Buffer[] = [];
  let tail = Number(view.getBigUint64(DATA_TAIL, true));
  let lost = 0;
  let skipped = 0;
  while (tail < head) {
    const at = tail % size;
    const type = view.getUint32(PAGE + at, true);
    const length = view.getUint16(PAGE + at + 6, true);
    // A ring that is no ring any more must not hold the loop.
    if (length < HEADER_BYTES) break;
    if (type === RECORD_LOST) lost += Number(recordAt(bytes, at, length, size).readBigUInt64LE(16));
    if (type === RECORD_SAMPLE) {
      if (records.length < most) records.push(recordAt(bytes, at, length, size));
      else skipped += 1;
    }
    tail += length;
  }
  return { records, lost, skipped, release: () => view.setBigUint64(DATA_TAIL, BigInt(head), true) };
}

function recordAt(bytes: Buffer, at: number, length: number, size: number): Buffer {
  if (at + length <= size) return bytes.subarray(PAGE + at, PAGE + at + length);
  return Buffer.concat([bytes.subarray(PAGE + at, PAGE + size), bytes.subarray(PAGE, PAGE + at + length - size)]);
}
