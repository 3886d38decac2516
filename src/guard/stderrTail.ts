import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';

/** A dump of 6,000 goroutines has 8 MB. */
const MOST_BYTES = 8 << 20;
/** After the end of the command: what it wrote may still be on its way. */
const LAST_WORDS_MS = 500;

/** The end of what a command wrote to stderr, while all of it goes on to where it would have gone. */
export class StderrTail {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #ended: Promise<void> = Promise.resolve();

  /** Begins to hand on. The thread pool writes: a reader that is stuck must not stop the guard. */
  attach(stream: Readable): void {
    this.#ended = new Promise((resolve) => {
      stream.once('close', resolve);
    });
    stream.on('data', (chunk: Buffer) => this.#keep(chunk));
    stream.pipe(createWriteStream('', { fd: 2, autoClose: false }), { end: false });
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  /** Until it was closed, or for a moment: a process that lives on may hold it for ever. */
  async settled(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_WORDS_MS);
    });
    await Promise.race([this.#ended, enough]);
    clearTimeout(timer);
  }

  #keep(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes - (this.#chunks[0]?.length ?? 0) >= MOST_BYTES) this.#bytes -= this.#chunks.shift()?.length ?? 0;
  }
}
