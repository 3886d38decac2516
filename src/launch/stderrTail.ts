import type { Readable } from 'node:stream';
import { handOn } from './handOn.ts';

/** A dump of 6,000 goroutines has 8 MB. */
const MOST_BYTES = 8 << 20;
/** After the end of the command: what it wrote may still be on its way. */
const LAST_WORDS_MS = 500;
const POLL_MS = 5;

/** The end of what a command wrote to stderr, while all of it goes on to where it would have gone. */
export class StderrTail {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #isClosed = true;
  #left = (): number => 0;

  /** Begins to keep, and to hand on to the guard's own stderr. */
  attach(stream: Readable): void {
    this.#isClosed = false;
    stream.once('close', () => {
      this.#isClosed = true;
    });
    stream.on('data', (chunk: Buffer) => this.#keep(chunk));
    this.#left = handOn(stream, 2).left;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  /** Until it was closed and all of it was handed on, or nothing moved for a moment: a process that lives on may hold it. */
  async settled(): Promise<void> {
    let quietMs = 0;
    for (let left = this.#left(); quietMs < LAST_WORDS_MS && (!this.#isClosed || left > 0); quietMs += POLL_MS) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      if (this.#left() !== left) quietMs = 0;
      left = this.#left();
    }
  }

  #keep(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes - (this.#chunks[0]?.length ?? 0) >= MOST_BYTES) this.#bytes -= this.#chunks.shift()?.length ?? 0;
  }
}
