import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const TAIL_BYTES = 64 * 1024;
const RECORD_BYTES = 8_192;

/** The end of a file that grows. */
export interface Tail {
  /** Its last 64 KiB; empty where it may not be read. */
  read(): string;
  close(): void;
}

/**
 * Opens a regular file that stderr was sent to. A pipe, a socket or a terminal is somebody else's to read, so it is left
 * alone and gives nothing.
 */
export function openTail(path: string): Tail {
  const fd = openRegular(path);
  return {
    read: () => {
      if (fd === undefined) return '';
      const chunk = Buffer.alloc(TAIL_BYTES);
      const start = Math.max(0, fstatSync(fd).size - TAIL_BYTES);
      return chunk.toString('latin1', 0, readSync(fd, chunk, 0, chunk.length, start));
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
    },
  };
}

function openRegular(path: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  return undefined;
}

/** The kernel's ring buffer, one record a read(2); empty where it may not be read (it needs root, or dmesg_restrict 0). */
export function readKernelLog(path: string): string[] {
  const lines: string[] = [];
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const chunk = Buffer.alloc(RECORD_BYTES);
    for (;;) {
      const length = readSync(fd, chunk, 0, chunk.length, null);
      if (length === 0) break;
      lines.push(...chunk.toString('latin1', 0, length).split('\n').filter(Boolean));
    }
  } catch {
    // EAGAIN is the end of it. EPERM and ENOENT mean that there is none for us.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  return lines;
}
