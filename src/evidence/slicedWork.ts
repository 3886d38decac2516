/** The loop that asks for it is not held for longer at once, nor by more than a third. */
const SLICE_MS = 3;
/** Slices are this far apart, by the times of the records: a batch of many does not make one long slice of them. */
const APART_MS = 10;
/** What ran to its end and did not find what was wanted is begun again so much later. */
const AGAIN_MS = 1_000;

/** Work that yields after each small part: some 100 µs at most. */
export type Work = Generator<void, void, undefined>;

/** A long search in slices. It goes on when somebody misses what it looks for. */
export class SlicedWork {
  readonly #begin: () => Work;
  readonly #now: () => number;
  #work: Work | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(begin: () => Work, now: () => number = () => performance.now()) {
    this.#begin = begin;
    this.#now = now;
  }

  /** Does the next slice, if it is time for one. False if nothing was done. */
  goOn(atMs: number): boolean {
    if (atMs < this.#notBeforeMs) return false;
    this.#work ??= this.#begin();
    const endMs = this.#now() + SLICE_MS;
    do {
      if (this.#work.next().done === true) {
        this.#work = undefined;
        this.#notBeforeMs = atMs + AGAIN_MS;
        return true;
      }
    } while (this.#now() < endMs);
    this.#notBeforeMs = atMs + APART_MS;
    return true;
  }
}
