/** A series that can be read by index without being copied; arrays are one. */
export interface Series<T> {
  readonly length: number;
  at(index: number): T | undefined;
}

/**
 * Keeps the last `capacity` items, oldest first. Most ceilings leave no trace, so the guard's own samples are the only
 * witness.
 */
export class Ring<T> implements Series<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;
  /** Where the oldest item is, once the ring is full. */
  #start = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#items.length;
  }

  push(item: T): void {
    if (this.#items.length < this.#capacity) {
      this.#items.push(item);
      return;
    }
    this.#items[this.#start] = item;
    this.#start = (this.#start + 1) % this.#capacity;
  }

  /** The item at `index` from the oldest; from the newest where it is negative. `undefined` outside. */
  at(index: number): T | undefined {
    const from = index < 0 ? this.length + index : index;
    return from < 0 || from >= this.length ? undefined : this.#items[(this.#start + from) % this.#capacity];
  }

  /** A copy, oldest first: for what is written down, not for every look. */
  items(): readonly T[] {
    return [...this.#items.slice(this.#start), ...this.#items.slice(0, this.#start)];
  }
}
