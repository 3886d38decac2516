import type { Memory } from './processMemory.ts';

const PAGE = 4096;
/** 4 MB: the heap of a small program. */
const MOST_PAGES = 1024;

/**
 * The same memory, for a walk through many small objects that lie close together: a page is read once. It is as old as the first
 * look at it, so it is for one walk only.
 */
export function cachedMemory(memory: Memory): Pick<Memory, 'read'> {
  const pages = new Map<number, Buffer | undefined>();
  const pageAt = (start: number): Buffer | undefined => {
    if (!pages.has(start)) {
      if (pages.size >= MOST_PAGES) pages.clear();
      pages.set(start, memory.read(start, PAGE));
    }
    return pages.get(start);
  };
  return {
    read: (address, length) => {
      if (!Number.isSafeInteger(address) || address < 0) return undefined;
      const within = address % PAGE;
      // What lies in two pages is rare.
      if (within + length > PAGE) return memory.read(address, length);
      const page = pageAt(address - within);
      return page === undefined || within >= page.length ? undefined : page.subarray(within, within + length);
    },
  };
}
