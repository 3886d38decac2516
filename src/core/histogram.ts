/** Upper bounds of the classes, in milliseconds. The last class has none. */
const BOUNDS_MS = [0.5, 1, 2, 5, 10, 20, 30, 60, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/** How late something was, counted in classes: sixteen numbers hold the whole life of a service. */
export class Lateness {
  readonly #counts: number[] = new Array<number>(BOUNDS_MS.length + 1).fill(0);
  #total = 0;
  #worstMs = 0;

  add(ms: number): void {
    const at = BOUNDS_MS.findIndex((bound) => ms <= bound);
    const index = at < 0 ? BOUNDS_MS.length : at;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
    this.#worstMs = Math.max(this.#worstMs, ms);
  }

  get worstMs(): number {
    return this.#worstMs;
  }

  /**
   * A share `q` (0 to 1) of all values was no later than this: the upper end of a class, and never above the worst. 0 when
   * there is no value.
   */
  quantileMs(q: number): number {
    let seen = 0;
    for (const [index, count] of this.#counts.entries()) {
      seen += count;
      if (seen > 0 && seen >= q * this.#total) return Math.min(BOUNDS_MS[index] ?? this.#worstMs, this.#worstMs);
    }
    return 0;
  }
}
