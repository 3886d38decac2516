/** Reads small values that lie close together: one read(2) serves many questions. */
export interface MemoryWindow {
  /** Eight bytes as a number, exact for addresses. `undefined` where nothing is mapped, as with the next two. */
  readWord(address: number): number | undefined;
  readInt32(address: number): number | undefined;
  readByte(address: number): number | undefined;
  /** Forgets what it has: it may be old. */
  refresh(): void;
}

/** A window of `before` and `after` bytes around the address that was last missing. */
export function openWindow(
  readInto: (bytes: Buffer, address: number, length: number) => number,
  before: number,
  after: number,
): MemoryWindow {
  const bytes = Buffer.alloc(before + after);
  // A Buffer checks every number that it reads; stacks are read by the hundred thousand words.
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let start = 0;
  let length = 0;
  const has = (address: number, size: number): boolean => address >= start && address + size <= start + length;
  const fill = (address: number, most: number): void => {
    start = address;
    length = readInto(bytes, start, most);
  };
  /** The place of an address in the window; -1 if it cannot be read. */
  const locate = (address: number, size: number): number => {
    if (!Number.isSafeInteger(address) || address < 0) return -1;
    if (!has(address, size)) fill(Math.max(0, address - before), before + after);
    // A window that begins below a map shows nothing; one that runs out of it is cut by the kernel.
    if (!has(address, size)) fill(address, after);
    if (!has(address, size)) fill(address, size);
    return has(address, size) ? address - start : -1;
  };
  return {
    readWord: (address) => {
      const at = locate(address, 8);
      if (at < 0) return undefined;
      if ((at & 3) !== 0) return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
      return (words[(at >> 2) + 1] as number) * 2 ** 32 + (words[at >> 2] as number);
    },
    readInt32: (address) => {
      const at = locate(address, 4);
      return at < 0 ? undefined : bytes.readInt32LE(at);
    },
    readByte: (address) => {
      const at = locate(address, 1);
      return at < 0 ? undefined : bytes[at];
    },
    refresh: () => {
      length = 0;
    },
  };
}
