import { closeSync, openSync, readSync } from 'node:fs';
import type { KernelRoot } from '../../procfs/root.ts';
import { type MemoryWindow, openWindow } from './memoryWindow.ts';

/** The memory of another process. Reading it stops nothing and needs no ptrace(2), only the rights of it. */
export interface Memory {
  /** Up to `length` bytes; `undefined` where nothing is mapped. A fresh buffer. */
  read(address: number, length: number): Buffer | undefined;
  /** A reader that keeps what it has read: `before` and `after` bytes around an address that it did not have. */
  window(before: number, after: number): MemoryWindow;
  close(): void;
}

/** Opens `/proc/PID/mem`; `undefined` without the rights of ptrace, and for a kernel thread. */
export function openMemory(root: KernelRoot, pid: number): Memory | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(root.proc(pid, 'mem'), 'r');
  } catch {
    return undefined;
  }
  return memoryOf(
    (bytes, address, length) => {
      // Once it is closed, its number may be that of another file.
      if (fd === undefined) return 0;
      try {
        return readSync(fd, bytes, 0, length, address);
      } catch {
        return 0;
      }
    },
    () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  );
}

/**
 * Memory that `readInto` reads: it puts up to `length` bytes from an address into a buffer and says how many there were,
 * 0 where nothing is mapped. It is asked only for addresses that a double holds exactly.
 */
export function memoryOf(
  readInto: (bytes: Buffer, address: number, length: number) => number,
  close: () => void,
): Memory {
  const readSafely: typeof readInto = (bytes, address, length) =>
    Number.isSafeInteger(address) && address >= 0 ? readInto(bytes, address, length) : 0;
  return {
    read: (address, wanted) => {
      const bytes = Buffer.allocUnsafe(wanted);
      const got = readSafely(bytes, address, wanted);
      return got <= 0 ? undefined : bytes.subarray(0, got);
    },
    window: (before, after) => openWindow(readSafely, before, after),
    close,
  };
}
