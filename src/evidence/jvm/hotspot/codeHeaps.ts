import type { MemoryWindow } from '../../native/memoryWindow.ts';
import type { HeapsLayout } from './layout.ts';

/** A room that the JVM keeps code in: it is divided into segments, and a map of them says where each piece begins. */
interface CodeHeap {
  readonly start: number;
  readonly end: number;
  readonly map: number;
  readonly shift: number;
}

/** Where the code of Java lies. */
export interface CodeHeaps {
  isCode(address: number): boolean;
  /** Where the blob begins that an address of code is in; `undefined` if there is none. */
  blobAt(address: number): number | undefined;
}

/** HotSpot makes four at most. */
const MOST_HEAPS = 8;
const MOST_HEAP_BYTES = 2 ** 32;
const MOST_SHIFT = 16;
const FREE = 0xff;
/** One step goes back up to 254 segments of 128 bytes; the interpreter is the largest piece, with some 300 KB. */
const MOST_STEPS = 1024;
const WORD = 8;

/** `undefined` while the JVM has not made them. `bias` is what the process adds to addresses of the library. */
export function openCodeHeaps(window: MemoryWindow, layout: HeapsLayout, bias: number): CodeHeaps | undefined {
  const heaps: CodeHeap[] = [];
  for (const address of heapAddresses(window, layout, bias)) {
    const heap = address === undefined ? undefined : readHeap(window, layout, address);
    if (heap === undefined) return undefined;
    heaps.push(heap);
  }
  if (heaps.length === 0) return undefined;
  const heapOf = (address: number): CodeHeap | undefined =>
    heaps.find(({ end, start }) => address >= start && address < end);
  return {
    isCode: (address) => heapOf(address) !== undefined,
    blobAt: (address) => {
      const heap = heapOf(address);
      return heap === undefined ? undefined : findBlob(window, heap, address, layout.header);
    },
  };
}

function heapAddresses(
  window: MemoryWindow,
  { list, single }: HeapsLayout,
  bias: number,
): readonly (number | undefined)[] {
  if (list === undefined) return single === undefined ? [] : [window.readWord(single + bias)];
  const array = window.readWord(list.at + bias);
  if (!array) return [];
  const length = window.readInt32(array + list.length) ?? 0;
  const data = window.readWord(array + list.data);
  if (!data || !(length > 0 && length <= MOST_HEAPS)) return [];
  return Array.from({ length }, (_, index) => window.readWord(data + index * WORD));
}

function readHeap(window: MemoryWindow, layout: HeapsLayout, address: number): CodeHeap | undefined {
  const start = window.readWord(address + layout.memory + layout.low) ?? 0;
  const end = window.readWord(address + layout.memory + layout.high) ?? 0;
  const map = window.readWord(address + layout.segmentMap + layout.low) ?? 0;
  const shift = window.readInt32(address + layout.segmentShift) ?? 0;
  const isSane =
    start > 0 && map > 0 && end > start && end - start < MOST_HEAP_BYTES && shift > 0 && shift < MOST_SHIFT;
  return isSane ? { start, end, map, shift } : undefined;
}

/** The map has a byte for each segment: 0 where a piece begins, else how far to go back, in steps of 254 at most (heap.cpp). */
function findBlob(
  window: MemoryWindow,
  { map, shift, start }: CodeHeap,
  address: number,
  header: number,
): number | undefined {
  let segment = Math.floor((address - start) / 2 ** shift);
  for (let step = 0; step < MOST_STEPS && segment >= 0; step += 1) {
    const back = window.readByte(map + segment);
    if (back === undefined || back === FREE) return undefined;
    if (back === 0) return start + segment * 2 ** shift + header;
    segment -= back;
  }
  return undefined;
}
