const WORD = 8;

/** The copy of a stack with the live memory above it. */
export interface StackParts {
  /** The copy first, else the memory as it is now. */
  readonly readWord: (address: number) => number | undefined;
  /** The memory as it is now. */
  readonly readLive: (address: number) => number | undefined;
  /** The first address behind the copy. */
  readonly copyEnd: number;
}

/**
 * The words of a stack that is longer than its copy. What lies above the copy is read some milliseconds later. It is believed
 * only if the last return address of the copy is still in its place: then the callers above it have not returned.
 */
export class StackWords {
  readonly #parts: StackParts;
  #lastReturn = 0;
  #isStanding: boolean | undefined;

  constructor(parts: StackParts) {
    this.#parts = parts;
  }

  readonly at = (address: number): number | undefined => {
    if (address + WORD > this.#parts.copyEnd && !this.#stillStands()) return undefined;
    return this.#parts.readWord(address);
  };

  /** The same for a slot that holds a return address. */
  returnAt(address: number): number | undefined {
    const value = this.at(address);
    if (address + WORD <= this.#parts.copyEnd && address > this.#lastReturn) this.#lastReturn = address;
    return value;
  }

  #stillStands(): boolean {
    const { readLive, readWord } = this.#parts;
    this.#isStanding ??= this.#lastReturn > 0 && readLive(this.#lastReturn) === readWord(this.#lastReturn);
    return this.#isStanding;
  }
}
