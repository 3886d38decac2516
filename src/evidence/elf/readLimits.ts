/**
 * What the files of a target may cost to read. Their tables are as large as their headers say, and a hostile target writes
 * the headers: a hole of half a gigabyte takes no disk at all.
 */
export interface ReadLimits {
  /** The time is up: nothing more is worth beginning. */
  isOver(): boolean;
  /** Whether a table may be loaded that is worked on at a rate. If so, its bytes are taken from what is left. */
  mayLoad(bytes: number, bytesPerMs: number): boolean;
}

/** For images that are trusted, as those of tests. */
export const NO_LIMITS: ReadLimits = { isOver: () => false, mayLoad: () => true };

/** For all files of one dump together. An unstripped browser has 110 MB of symbols and names. */
const MOST_BYTES = 192 << 20;

/** Until a time by `now`. A table that would take longer than what is left is not begun. */
export function limitsUntil(endMs: number, now: () => number, mostBytes: number = MOST_BYTES): ReadLimits {
  let leftBytes = mostBytes;
  return {
    isOver: () => now() >= endMs,
    mayLoad: (bytes, bytesPerMs) => {
      if (!(bytes <= leftBytes && bytes / bytesPerMs <= endMs - now())) return false;
      leftBytes -= bytes;
      return true;
    },
  };
}
