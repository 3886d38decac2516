import { closeSync, openSync, readSync } from 'node:fs';
import type { KernelRoot } from '../../procfs/root.ts';

/** The memory of another process. Reading stops nothing and needs no ptrace(2), only the rights of it. */
export interface Memory {
  /** Up to `length` bytes; `undefined` where nothing is mapped. A fresh buffer. */
  read(address: number, length: number): Buffer | undefined;
  /** A reader that keeps what it has read: `before` and `after` bytes around an address that it did not have. */
  window(before: number, after: number): MemoryWindow;
  close(): void;
}

/** What is asked for lies close together: one read(2) serves many questions. */
export interface MemoryWindow {
  /** Eight bytes as a number: exact for addresses. */
  readWord(address: number): number | undefined;
  readInt32(address: number): number | undefined;
  readByte(address: number): number | undefined;
  /** Forgets what it has: it may be old. */
  refresh(): void;
}

/** Opens `/proc/PID/mem`; `undefined` without the rights of ptrace, or for a kernel thread. */
export function openMemory(root: KernelRoot, pid: number): Memory | undefined {
  let fd: number;
  try {
    fd = openSync(root.proc(pid, 'mem'), 'r');
  } catch {
    return undefined;
  }
  return {
    read: (address, wanted) => {
      const bytes = Buffer.allocUnsafe(wanted);
      const got = readInto(fd, bytes, address, wanted);
      return got <= 0 ? undefined : bytes.subarray(0, got);
    },
    window: (before, after) => openWindow(fd, before, after),
    close: () => closeSync(fd),
  };
}

function openWindow(fd: number, before: number, after: number): MemoryWindow {
  const bytes = Buffer.alloc(before + after);
  // A Buffer checks every number that it reads; stacks are read by the hundred thousand words.
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let start = 0;
  let length = 0;
  const has = (address: number, size: number): boolean => address >= start && address + size <= start + length;
  /** The place of an address in the window; -1 when it cannot be read. */
  const locate = (address: number, size: number): number => {
    if (!Number.isSafeInteger(address) || address < 0) return -1;
    if (!has(address, size)) {
      start = Math.max(0, address - before);
      length = readInto(fd, bytes, start, before + after);
      // A window that begins below a map shows nothing; one that runs out of it is cut by the kernel.
      if (!has(address, size)) {
        start = address;
        length = readInto(fd, bytes, start, after);
      }
      if (!has(address, size)) length = readInto(fd, bytes, start, size);
      if (!has(address, size)) return -1;
    }
    return address - start;
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

function readInto(fd: number, bytes: Buffer, address: number, length: number): number {
  if (!Number.isSafeInteger(address) || address < 0) return -1;
  try {
    return readSync(fd, bytes, 0, length, address);
  } catch {
    return -1;
  }
}
