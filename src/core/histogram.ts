/** Upper bounds of the classes, in milliseconds; the last one has none. */
const BOUNDS_MS = [0.5, 1, 2, 5, 10, 20, 30, 60, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/** How late something was, counted in classes: a service's life fits into sixteen numbers. */
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

  /** The bound that a share `q` (0 to 1) of all stayed within: the upper end of a class, never above the worst; 0 of none. */
  quantileMs(q: number): number {
    let seen = 0;
    for (const [index, count] of this.#counts.entries()) {
      seen += count;
      if (seen > 0 && seen >= q * this.#total) return Math.min(BOUNDS_MS[index] ?? this.#worstMs, this.#worstMs);
    }
    return 0;
  }
}
