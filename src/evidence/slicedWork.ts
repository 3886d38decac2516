/** So much is done at once, in units of about a microsecond: the loop that asks for it must not be held for longer. */
const SLICE = 4_000;
/** Slices are this far apart, by the times of the records: a batch of many does not make one long slice of them. */
const APART_MS = 10;
/** What ran to its end and did not find what was wanted is begun again so much later. */
const AGAIN_MS = 1_000;

/** Work that yields what each part of it cost, about, in microseconds. */
export type Work = Generator<number, void, undefined>;

/** A long search in slices. It goes on when somebody misses what it looks for. */
export class SlicedWork {
  readonly #begin: () => Work;
  #work: Work | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(begin: () => Work) {
    this.#begin = begin;
  }

  /** Does the next slice, if it is time for one. False if nothing was done. */
  goOn(atMs: number): boolean {
    if (atMs < this.#notBeforeMs) return false;
    this.#work ??= this.#begin();
    let left = SLICE;
    while (left > 0) {
      const { done, value } = this.#work.next();
      if (done === true) {
        this.#work = undefined;
        this.#notBeforeMs = atMs + AGAIN_MS;
        return true;
      }
      left -= value;
    }
    this.#notBeforeMs = atMs + APART_MS;
    return true;
  }
}
