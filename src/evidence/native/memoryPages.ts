import type { MemoryWindow } from './memoryWindow.ts';
import type { Memory } from './processMemory.ts';

const PAGE = 4096;
const MOST_PAGES = 64;

/**
 * Reads small values page by page. A page is mapped as a whole or not at all: nothing is read in vain, which costs fifty times
 * as much as a read, and what lies in one page is from one moment.
 */
export function openPages(memory: Pick<Memory, 'read'>): MemoryWindow {
  const pages = new Map<number, Buffer | undefined>();
  const pageAt = (start: number): Buffer | undefined => {
    if (!pages.has(start)) {
      if (pages.size >= MOST_PAGES) pages.clear();
      pages.set(start, memory.read(start, PAGE));
    }
    return pages.get(start);
  };
  /** The bytes of a value; none of those that are asked for here lies in two pages, for they are aligned. */
  const bytesAt = (address: number, size: number): Buffer | undefined => {
    if (!Number.isSafeInteger(address) || address < 0) return undefined;
    const within = address % PAGE;
    const page = pageAt(address - within);
    return page === undefined || within + size > page.length ? undefined : page.subarray(within, within + size);
  };
  return {
    readWord: (address) => {
      const bytes = bytesAt(address, 8);
      return bytes === undefined ? undefined : bytes.readUInt32LE(4) * 2 ** 32 + bytes.readUInt32LE(0);
    },
    readInt32: (address) => bytesAt(address, 4)?.readInt32LE(0),
    readByte: (address) => bytesAt(address, 1)?.[0],
    refresh: () => pages.clear(),
  };
}
