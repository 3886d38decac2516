import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRing } from '../../../../src/evidence/creators/trace/ring.ts';
import { FakeRing, lostRecord, taskSample } from '../../builders/perfRecords.ts';

const SIZE = 4096;
/** Reads it, and gives the room back. */
function drainRing(ring: FakeRing, most: number) {
  const { lost, records, release, skipped } = readRing(ring, most);
  const copies = records.map((record) => Buffer.from(record));
  release();
  return { records: copies, lost, skipped };
}
const sample = (pid: number) => taskSample({ pid, registers: { 7: 8 }, stack: Buffer.alloc(64, pid) });

describe('a ring', () => {
  it('gives every record, from any place of its data on, and is empty then', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 * SIZE }).map((at) => at * 8),
        fc.integer({ min: 0, max: 8 }),
        (start, n) => {
          const records = Array.from({ length: n }, (_, index) => sample(index + 1));
          const ring = new FakeRing(SIZE, start).put(...records);
          expect(drainRing(ring, 100).records).toEqual(records);
          expect(ring.isEmpty).toBe(true);
        },
      ),
    );
  });
  it('says how many the kernel lost, also where that record goes over the end', () => {
    const ring = new FakeRing(SIZE, SIZE - 16).put(lostRecord(1234), sample(1));
    expect(drainRing(ring, 100)).toEqual({ records: [sample(1)], lost: 1234, skipped: 0 });
  });
  it('copies no more than asked, and leaves nothing behind', () => {
    const ring = new FakeRing(SIZE).put(sample(1), sample(2), sample(3));
    expect(drainRing(ring, 2)).toEqual({ records: [sample(1), sample(2)], lost: 0, skipped: 1 });
    expect(drainRing(ring, 2).records).toEqual([]);
  });
  it('keeps the room of what was read until it is given back', () => {
    const ring = new FakeRing(SIZE).put(sample(1));
    const { release } = readRing(ring, 100);
    expect(ring.isEmpty).toBe(false);
    expect(readRing(ring, 100).records).toHaveLength(1);
    release();
    expect(readRing(ring, 100).records).toEqual([]);
  });
  it('that is damaged ends at once', () => {
    const ring = new FakeRing(SIZE).put(Buffer.alloc(64));
    expect(drainRing(ring, 100)).toEqual({ records: [], lost: 0, skipped: 0 });
    expect(ring.isEmpty).toBe(true);
  });
});
