/** What is kept of a connection here: it can be ended. */
export interface Closable {
  destroy(): void;
}

/**
 * The connections of a server, of which only so many are held. A new one is never refused: for it the one goes that is missed
 * least, the longest idle after an answer (its client can safely ask again), else the one that has not asked for longest,
 * else the one that has waited for its answer longest. So those who open connections and say nothing keep nobody out.
 */
export class Connections<T extends Closable> {
  readonly #most: number;
  /** Each in the order in which they came to it. */
  readonly #idle = new Set<T>();
  readonly #silent = new Set<T>();
  readonly #asking = new Set<T>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#idle.size + this.#silent.size + this.#asking.size;
  }

  /** A new one, which has not asked yet. */
  add(one: T): void {
    while (this.size >= this.#most) {
      const [victim] = this.#first();
      if (victim === undefined) break;
      this.remove(victim);
      victim.destroy();
    }
    this.#silent.add(one);
  }

  /** It has asked; the answer is on the way. */
  asks(one: T): void {
    if (this.remove(one)) this.#asking.add(one);
  }

  /** It has its answer, and may ask again. */
  rests(one: T): void {
    if (this.remove(one)) this.#idle.add(one);
  }

  /** It has ended. False when it was not here. */
  remove(one: T): boolean {
    return this.#idle.delete(one) || this.#silent.delete(one) || this.#asking.delete(one);
  }

  *#first(): Iterable<T> {
    yield* this.#idle;
    yield* this.#silent;
    yield* this.#asking;
  }
}

const LEAST = 16;
const MOST = 256;
/** Left to the guard itself, which opens some seventy files and a few later. */
const OWN_FILES = 96;

/**
 * How many connections a server may hold where so many files may be open; `undefined` is unknown. 1,024, the usual limit,
 * give 232: a scraper 20 ms away still gets its question through beside 10,000 new connections a second.
 */
export function mostConnections(openFiles: number | undefined): number {
  if (openFiles === undefined) return LEAST;
  return Math.min(MOST, Math.max(LEAST, Math.floor((openFiles - OWN_FILES) / 4)));
}
