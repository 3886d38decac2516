/** As long as the records are together that are taken at once. */
const ROUND_MS = 20;

/** Divides records into rounds: in each what is remembered of the process is looked at once more. */
export class Rounds {
  #beganMs = Number.NEGATIVE_INFINITY;

  /** Whether a record begins a round. */
  isNew(atMs: number): boolean {
    if (Math.abs(atMs - this.#beganMs) < ROUND_MS) return false;
    this.#beganMs = atMs;
    return true;
  }
}
