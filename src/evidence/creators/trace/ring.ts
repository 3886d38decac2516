import type { PerfRing } from '../../../sys/perfEvents.ts';

/** Offsets in `struct perf_event_mmap_page`. */
const DATA_HEAD = 1024;
const DATA_TAIL = 1032;
const PAGE = 4096;
const HEADER_BYTES = 8;
const RECORD_LOST = 2;
const RECORD_SAMPLE = 9;

/** What was in a ring. */
export interface Drained {
  readonly records: readonly Buffer[];
  /** Records that the kernel had no room for. */
  readonly lost: number;
  /** Records that were there, but not copied out: more than `most`. */
  readonly skipped: number;
}

/**
 * Takes everything out of a ring that is there now. A record that goes over the end of the ring is put together. At most
 * `most` records are copied; the others only leave the ring. The kernel writes while this reads: it never writes over what
 * lies between the tail and the head.
 */
export function drainRing({ bytes, view }: PerfRing, most: number): Drained {
  const size = view.byteLength - PAGE;
  const head = Number(view.getBigUint64(DATA_HEAD, true));
  let tail = Number(view.getBigUint64(DATA_TAIL, true));
  const records: Buffer[] = [];
  let lost = 0;
  let skipped = 0;
  while (tail < head) {
    const at = tail % size;
    const type = view.getUint32(PAGE + at, true);
    const length = view.getUint16(PAGE + at + 6, true);
    // A ring that is no ring any more must not hold the loop.
    if (length < HEADER_BYTES) break;
    if (type === RECORD_LOST) lost += Number(copyOut(bytes, at, length, size).readBigUInt64LE(16));
    if (type === RECORD_SAMPLE) {
      if (records.length < most) records.push(copyOut(bytes, at, length, size));
      else skipped += 1;
    }
    tail += length;
  }
  view.setBigUint64(DATA_TAIL, BigInt(head), true);
  return { records, lost, skipped };
}

function copyOut(bytes: Buffer, at: number, length: number, size: number): Buffer {
  const record = Buffer.allocUnsafeSlow(length);
  const first = Math.min(length, size - at);
  bytes.copy(record, 0, PAGE + at, PAGE + at + first);
  if (first < length) bytes.copy(record, first, PAGE, PAGE + length - first);
  return record;
}
