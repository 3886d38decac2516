import { closeSync, openSync, readSync } from 'node:fs';

const shared = Buffer.allocUnsafe(64 * 1024);

/**
 * The text of a kernel file, or `undefined` when it is gone or not ours to read. readFileSync asks for
 * a size first, which these files do not have, and allocates: walks read thousands of files.
 */
export function readText(path: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    let text = '';
    // The kernel gives about a page at a time, less before a long record: only nothing is the end.
    for (;;) {
      const length = readSync(fd, shared, 0, shared.length, null);
      if (length === 0) return text;
      text += shared.toString('latin1', 0, length);
    }
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * The same in a single read: for the short files of a thread, which the kernel hands out at once. Ten thousand threads
 * are two times ten thousand of them, and the read that finds the end is a third of the time.
 */
export function readShort(path: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    return shared.toString('latin1', 0, readSync(fd, shared, 0, shared.length, null));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** A kernel file with one number; `max` is `'unlimited'`, anything unreadable `'unknown'`. */
export function readNumber(path: string): number | 'unlimited' | 'unknown' {
  return parseNumber(readText(path));
}

export function parseNumber(text: string | undefined): number | 'unlimited' | 'unknown' {
  const word = text?.trim();
  if (word === 'max') return 'unlimited';
  return word !== undefined && /^-?\d+$/.test(word) ? Number(word) : 'unknown';
}

/**
 * A kernel file kept open and read from its start again and again: 1–8 µs a look instead of 18–36
 * for open, read and close, and it needs no free descriptor at a bad moment.
 */
export class KeptFile {
  readonly path: string;
  #fd: number | undefined;
  #error: string | undefined;

  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, 'r');
    } catch (error) {
      this.#fd = undefined;
      this.#error = (error as NodeJS.ErrnoException).code;
    }
  }

  get isOpen(): boolean {
    return this.#fd !== undefined;
  }

  /** Up to 64 KiB of text; `undefined` once the object behind it is gone (ESRCH, ENODEV) or was never there. */
  read(): string | undefined {
    if (this.#fd === undefined) return undefined;
    try {
      const length = readSync(this.#fd, shared, 0, shared.length, 0);
      return shared.toString('latin1', 0, length);
    } catch (error) {
      this.#error = (error as NodeJS.ErrnoException).code;
      return undefined;
    }
  }

  /** Why it could not be opened or last not be read (`EACCES`), for people. */
  get error(): string | undefined {
    return this.#error;
  }

  readNumber(): number | 'unlimited' | 'unknown' {
    return parseNumber(this.read());
  }

  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}
