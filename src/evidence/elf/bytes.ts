/** A LEB128 number of 64 bits has ten bytes. A longer one is damage, and its value would not be a number any more. */
const MOST_LEB_BYTES = 10;

/**
 * Reads numbers from bytes, one after another, little-endian. It never throws: a read past the end gives 0 and sets
 * `isBroken`, which stays, so a caller looks at that once, after it has read all it wants.
 */
export class Cursor {
  readonly bytes: Buffer;
  readonly end: number;
  at: number;
  /** A read went past the end, or a number made no sense: every value since then is worthless. */
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

  /** As a double: exact for every address of user space. A larger number is no address. */
  u64(): number {
    const low = this.u32();
    return this.u32() * 2 ** 32 + low;
  }

  i64(): number {
    const low = this.u32();
    return this.i32() * 2 ** 32 + low;
  }

  /** Unsigned LEB128 (DWARF 4, section 7.6); exact up to 2⁵³. */
  uleb(): number {
    return this.#leb(false);
  }

  /** Signed LEB128. */
  sleb(): number {
    return this.#leb(true);
  }

  /** A text that ends with a zero byte. */
  text(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (this.isBroken || end < 0 || end >= this.end) {
      this.isBroken = true;
      return '';
    }
    const text = this.bytes.toString('latin1', this.at, end);
    this.at = end + 1;
    return text;
  }

  /** Moves on by this many bytes. Backwards, or over the end, breaks it. */
  advance(length: number): void {
    this.#take(length);
  }

  #leb(isSigned: boolean): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < MOST_LEB_BYTES; count += 1) {
      const byte = this.u8();
      if (this.isBroken) return 0;
      const isLast = (byte & 0x80) === 0;
      // The sign is taken off the last digit, not off the sum: that would not be exact.
      const digit = (byte & 0x7f) - (isLast && isSigned && (byte & 0x40) !== 0 ? 128 : 0);
      value += digit * scale;
      if (isLast) return value;
      scale *= 128;
    }
    this.isBroken = true;
    return 0;
  }

  #take(length: number): boolean {
    // Written so that NaN, which is below no number, breaks it too.
    const isWithin = length >= 0 && this.at >= 0 && this.at + length <= this.end;
    if (this.isBroken || !isWithin) {
      this.isBroken = true;
      return false;
    }
    this.at += length;
    return true;
  }
}
