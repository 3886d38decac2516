/** Keeps the last `capacity` items. Most ceilings leave no trace, so the guard's own samples are the only witness. */
export class Ring<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(item: T): void {
    this.#items.push(item);
    // Items are removed in batches: a push stays cheap, and no second index can go wrong.
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
