/** A clock that stands still until somebody waits, or asks for the time. */
export class FakeClock {
  #nowMs = 1_000;
  readonly #askingMs: number;
  /** All that was waited. */
  waitedMs = 0;

  /** Each question for the time takes `askingMs`. */
  constructor(askingMs = 0) {
    this.#askingMs = askingMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  readonly now = (): number => {
    this.#nowMs += this.#askingMs;
    return this.#nowMs;
  };

  readonly wait = (ms: number): void => {
    this.#nowMs += ms;
    this.waitedMs += ms;
  };

  /** Time that passes by itself. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }
}
