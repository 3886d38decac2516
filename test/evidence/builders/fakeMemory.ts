import { type Memory, memoryOf } from '../../../src/evidence/native/processMemory.ts';

const PAGE = 4096;

/** The memory of a process that there is not: pages that were written to are mapped, all others are not. */
export class FakeMemory {
  readonly #pages = new Map<number, Buffer>();
  /** How often it was read from. */
  reads = 0;
  isClosed = false;

  write(address: number, bytes: Buffer): this {
    for (let at = 0; at < bytes.length; ) {
      const page = this.#page(address + at);
      const within = (address + at) % PAGE;
      const length = Math.min(PAGE - within, bytes.length - at);
      bytes.copy(page, within, at, at + length);
      at += length;
    }
    return this;
  }

  word(address: number, value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return this.write(address, bytes);
  }

  int32(address: number, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return this.write(address, bytes);
  }

  byte(address: number, value: number): this {
    return this.write(address, Buffer.from([value]));
  }

  /** Words one after another. */
  words(address: number, ...values: readonly number[]): this {
    for (const [index, value] of values.entries()) this.word(address + 8 * index, value);
    return this;
  }

  /** The process has ended. */
  unmap(): void {
    this.#pages.clear();
  }

  /** As a program reads it. */
  open(): Memory {
    return memoryOf(
      (bytes, address, length) => this.#readInto(bytes, address, length),
      () => {
        this.isClosed = true;
      },
    );
  }

  #page(address: number): Buffer {
    const number = Math.floor(address / PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = Buffer.alloc(PAGE);
      this.#pages.set(number, page);
    }
    return page;
  }

  /** As read(2) of `/proc/PID/mem`: up to the first page that is not mapped. */
  #readInto(bytes: Buffer, address: number, length: number): number {
    this.reads += 1;
    let got = 0;
    while (got < length) {
      const page = this.#pages.get(Math.floor((address + got) / PAGE));
      if (page === undefined) break;
      const within = (address + got) % PAGE;
      got += page.copy(bytes, got, within, Math.min(PAGE, within + length - got));
    }
    return got;
  }
}
