/** The last `capacity` items, oldest first. The guard's own ring is the only witness of most ceilings. */
export class Ring<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(item: T): void {
    this.#items.push(item);
    // Shifting in batches keeps a push cheap without a second index to get wrong.
    if (this.#items.length > this.#capacity * 2) this.#items.splice(0, this.#items.length - this.#capacity);
  }

  /** The items, oldest first; at most `capacity`. */
  items(): readonly T[] {
    return this.#items.length > this.#capacity ? this.#items.slice(-this.#capacity) : this.#items;
  }

  last(): T | undefined {
    return this.#items.at(-1);
  }
}
