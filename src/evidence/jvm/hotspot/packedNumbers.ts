const LEAST_HIGH = 192;
const LAST_SHIFT = 24;

/**
 * Reads the numbers that HotSpot packs into one to five bytes (unsigned5.hpp): each byte stands for 6 bits more than the one
 * before it, and one below 192 is the last. Past the end it gives 0 and sets `isBroken`.
 */
export class PackedNumbers {
  readonly #bytes: Buffer;
  /** What each byte is less by. */
  readonly #excluded: number;
  #at = 0;
  isBroken = false;

  constructor(bytes: Buffer, excluded: number) {
    this.#bytes = bytes;
    this.#excluded = excluded;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    this.#at += 1;
    if (byte === undefined) this.isBroken = true;
    return byte ?? 0;
  }

  unsigned(): number {
    let sum = 0;
    for (let shift = 0; shift <= LAST_SHIFT; shift += 6) {
      const byte = this.byte();
      sum += (byte - this.#excluded) * 2 ** shift;
      if (byte < LEAST_HIGH || this.isBroken) break;
    }
    return sum % 2 ** 32;
  }

  /** The lowest bit is the sign. */
  signed(): number {
    const value = this.unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
