/** Puts numbers into bytes, one after another, little-endian: the other side of `Cursor`. */
export class ByteWriter {
  readonly #parts: Buffer[] = [];
  length = 0;

  bytes(...values: readonly number[]): this {
    return this.#add(Buffer.from(values.map((value) => value & 0xff)));
  }

  buffer(buffer: Buffer): this {
    return this.#add(buffer);
  }

  u16(value: number): this {
    const buffer = Buffer.alloc(2);
    buffer.writeUInt16LE(value);
    return this.#add(buffer);
  }

  u32(value: number): this {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32LE(value >>> 0);
    return this.#add(buffer);
  }

  i32(value: number): this {
    const buffer = Buffer.alloc(4);
    buffer.writeInt32LE(value);
    return this.#add(buffer);
  }

  u64(value: number): this {
    const buffer = Buffer.alloc(8);
    buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
    return this.#add(buffer);
  }

  uleb(value: number): this {
    return this.bytes(...uleb(value));
  }

  sleb(value: number): this {
    return this.bytes(...sleb(value));
  }

  /** With its zero byte. */
  text(text: string): this {
    return this.#add(Buffer.from(`${text}\0`, 'latin1'));
  }

  /** Zero bytes up to a multiple. */
  align(to: number): this {
    return this.#add(Buffer.alloc((to - (this.length % to)) % to));
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #add(buffer: Buffer): this {
    this.#parts.push(buffer);
    this.length += buffer.length;
    return this;
  }
}

/** Unsigned LEB128. */
export function uleb(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 0x80, ...uleb(Math.floor(value / 128))];
}

/** Signed LEB128. */
export function sleb(value: number): number[] {
  const low = ((value % 128) + 128) % 128;
  const rest = Math.floor(value / 128);
  const isLast = (rest === 0 && low < 64) || (rest === -1 && low >= 64);
  return isLast ? [low] : [low | 0x80, ...sleb(rest)];
}
