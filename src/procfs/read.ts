import { closeSync, openSync, readSync } from 'node:fs';

const shared = Buffer.allocUnsafe(64 * 1024);

/**
 * The whole text of a kernel file. Throws the system error (ENOENT, EMFILE, EACCES, ENODEV) when it cannot be read.
 * It is used instead of readFileSync, which asks for a size first and allocates. These files have no size, and a
 * walk reads thousands of them.
 */
export function readOrThrow(path: string): string {
  const fd = openSync(path, 'r');
  try {
    let text = '';
    // One read returns about a page, or less when the next record is long. Only an empty read is the end.
    for (;;) {
      const length = readSync(fd, shared, 0, shared.length, null);
      if (length === 0) return text;
      text += shared.toString('latin1', 0, length);
    }
  } finally {
    closeSync(fd);
  }
}

/** The same, or `undefined` when the file is gone or may not be read. Use it where both mean the same. */
export function readText(path: string): string | undefined {
  try {
    return readOrThrow(path);
  } catch {
    return undefined;
  }
}

/**
 * The same in a single read, for the short files of a thread, which the kernel returns at once. Ten thousand threads
 * have two times ten thousand of them, and the read that finds the end takes a third of the time.
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

/** A kernel file with one number. `max` is `'unlimited'`; a file that cannot be read is `'unknown'`. */
export function readNumber(path: string): number | 'unlimited' | 'unknown' {
  return parseNumber(readText(path));
}

/** The same for its text. Any other word is `'unknown'`, and so is no text at all. */
export function parseNumber(text: string | undefined): number | 'unlimited' | 'unknown' {
  const word = text?.trim();
  if (word === 'max') return 'unlimited';
  return word !== undefined && /^-?\d+$/.test(word) ? Number(word) : 'unknown';
}

/**
 * A kernel file that stays open and is read from its start again and again. One read takes 1–8 µs instead of the
 * 18–36 µs for open, read and close, and no free descriptor is needed at a bad moment.
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

  /** Up to 64 KiB of text. `undefined` when the file was never there, or what it describes is gone (ESRCH, ENODEV). */
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

  /** All of its text, however long. `undefined` as for `read`. */
  readAll(): string | undefined {
    if (this.#fd === undefined) return undefined;
    try {
      let text = '';
      for (;;) {
        // The kernel gives a page at a time.
        const length = readSync(this.#fd, shared, 0, shared.length, text.length);
        if (length === 0) return text;
        text += shared.toString('latin1', 0, length);
      }
    } catch (error) {
      this.#error = (error as NodeJS.ErrnoException).code;
      return undefined;
    }
  }

  /** The errno of the failed open, or of the last failed read (`EACCES`); `undefined` when nothing has failed. */
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
