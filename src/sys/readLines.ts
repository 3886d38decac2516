import { closeSync, openSync, readSync } from 'node:fs';

/** A line, without its end. */
export interface ReadLine {
  readonly text: string;
  /** False where the file ends without a newline. */
  readonly isEnded: boolean;
}

const CHUNK_BYTES = 64 * 1024;
/** What a line has beyond this is left out. */
const MOST_LINE_BYTES = 64 * 1024;

/**
 * The lines of a file, one after the other: whatever its size, a chunk and a line of it are held. Throws what open(2) and
 * read(2) say.
 */
export function* readLines(path: string, encoding: 'utf8' | 'latin1'): Generator<ReadLine, void> {
  const fd = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const line = new Line(encoding);
    for (;;) {
      const length = readSync(fd, chunk, 0, chunk.length, null);
      if (length === 0) break;
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0 && end < length; end = chunk.indexOf(10, start)) {
        line.add(chunk.subarray(start, end));
        yield { text: line.take(), isEnded: true };
        start = end + 1;
      }
      line.add(chunk.subarray(start, length));
    }
    if (!line.isEmpty) yield { text: line.take(), isEnded: false };
  } finally {
    closeSync(fd);
  }
}

/** The parts of a line that lies in several chunks. */
class Line {
  readonly #encoding: 'utf8' | 'latin1';
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(encoding: 'utf8' | 'latin1') {
    this.#encoding = encoding;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** The bytes are copied: the chunk is used again. */
  add(bytes: Buffer): void {
    const left = Math.min(bytes.length, MOST_LINE_BYTES - this.#bytes);
    if (left <= 0) return;
    this.#parts.push(Buffer.from(bytes.subarray(0, left)));
    this.#bytes += left;
  }

  take(): string {
    const text = Buffer.concat(this.#parts).toString(this.#encoding);
    this.#parts = [];
    this.#bytes = 0;
    return text;
  }
}

/** A whole file as text. Throws an error with code EFBIG for one that is longer than that. */
export function readAtMost(path: string, mostBytes: number): string {
  const fd = openSync(path, 'r');
  try {
    const parts: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const length = readSync(fd, chunk, 0, chunk.length, null);
      if (length === 0) return Buffer.concat(parts).toString('utf8');
      bytes += length;
      if (bytes > mostBytes) throw Object.assign(new Error('the file is too large'), { code: 'EFBIG' });
      parts.push(chunk.subarray(0, length));
    }
  } finally {
    closeSync(fd);
  }
}
