/** Reads numbers from bytes one after another. Past the end it gives `undefined`, once and for all: nothing throws. */
export class Cursor {
  readonly bytes: Buffer;
  readonly end: number;
  at: number;
  /** A read went past the end: every number since is worthless. */
  isBroken = false;

  constructor(bytes: Buffer, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = Math.min(end, bytes.length);
  }

  get isDone(): boolean {
    return this.isBroken || this.at >= this.end;
  }

  u8(): number {
    return this.#take(1) ? (this.bytes[this.at - 1] as number) : 0;
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  u16(): number {
    return this.#take(2) ? this.bytes.readUInt16LE(this.at - 2) : 0;
  }

  u32(): number {
    return this.#take(4) ? this.bytes.readUInt32LE(this.at - 4) : 0;
  }

  i32(): number {
    return this.u32() | 0;
  }

  /** As a double: exact for every address of user space; what is larger is no address. */
  u64(): number {
    const low = this.u32();
    return this.u32() * 2 ** 32 + low;
  }

  i64(): number {
    const low = this.u32();
    return this.i32() * 2 ** 32 + low;
  }

  uleb(): number {
    let value = 0;
    let scale = 1;
    for (let byte = 0x80; byte & 0x80 && !this.isBroken; scale *= 128) {
      byte = this.u8();
      value += (byte & 0x7f) * scale;
    }
    return value;
  }

  sleb(): number {
    let value = 0;
    let scale = 1;
    let byte = 0x80;
    while (byte & 0x80 && !this.isBroken) {
      byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
    }
    return byte & 0x40 ? value - scale : value;
  }

  /** A text that ends with a zero byte. */
  text(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0 || end >= this.end) {
      this.isBroken = true;
      return '';
    }
    const text = this.bytes.toString('latin1', this.at, end);
    this.at = end + 1;
    return text;
  }

  skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): boolean {
    if (this.isBroken || length < 0 || this.at + length > this.end) {
      this.isBroken = true;
      return false;
    }
    this.at += length;
    return true;
  }
}
