/**
 * What is due when: a binary heap, so that thousands of targets cost the logarithm of their number. An item has one place in
 * it; `set` moves it. Among items that are due at the same time the order is not fixed.
 */
export class DueQueue<T> {
  readonly #heap: { item: T; dueMs: number }[] = [];
  readonly #places = new Map<T, number>();

  get size(): number {
    return this.#heap.length;
  }

  /** When the next item is due; `undefined` when there is none. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  set(item: T, dueMs: number): void {
    const at = this.#places.get(item);
    if (at === undefined) {
      this.#heap.push({ item, dueMs });
      this.#places.set(item, this.#heap.length - 1);
      this.#up(this.#heap.length - 1);
      return;
    }
    (this.#heap[at] as { dueMs: number }).dueMs = dueMs;
    this.#up(at);
    this.#down(this.#places.get(item) as number);
  }

  remove(item: T): void {
    const at = this.#places.get(item);
    if (at === undefined) return;
    this.#places.delete(item);
    const last = this.#heap.pop() as { item: T; dueMs: number };
    if (at === this.#heap.length) return;
    this.#heap[at] = last;
    this.#places.set(last.item, at);
    this.#up(at);
    this.#down(this.#places.get(last.item) as number);
  }

  /** Takes the first item out when it is due by then. */
  takeDue(nowMs: number): { readonly item: T; readonly dueMs: number } | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.remove(first.item);
    return first;
  }

  #up(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (this.#due(parent) <= this.#due(at)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #down(from: number): void {
    for (let at = from; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#heap.length && this.#due(child) < this.#due(least)) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #due(at: number): number {
    return (this.#heap[at] as { dueMs: number }).dueMs;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]] as [{ item: T; dueMs: number }, { item: T; dueMs: number }];
    this.#heap[a] = second;
    this.#heap[b] = first;
    this.#places.set(second.item, a);
    this.#places.set(first.item, b);
  }
}
