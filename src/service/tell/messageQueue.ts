import pRetry from 'p-retry';
import type { Channel } from './channel.ts';
import type { Letter } from './message.ts';

/** So many messages are kept for a receiver that is slow or away. The oldest make room for newer ones. */
const MOST_WAITING = 32;
const RETRIES = { retries: 4, minTimeout: 500, factor: 2, maxTimeout: 8_000 };

/** The messages of one receiver, sent one after the other. A message that is not taken is tried again a few times. */
export class MessageQueue {
  readonly #channel: Channel;
  readonly #onProblem: (text: string) => void;
  readonly #waiting: Letter[] = [];
  #isBusy = false;
  #hasFailed = false;
  #isClosed = false;
  #undelivered = 0;

  /** `onProblem` hears of the first message that was given up, and of the next one only after one was delivered. */
  constructor(channel: Channel, onProblem: (text: string) => void) {
    this.#channel = channel;
    this.#onProblem = onProblem;
  }

  get isIdle(): boolean {
    return !this.#isBusy && this.#waiting.length === 0;
  }

  /** Messages that were given up, or had to make room for newer ones. */
  get undelivered(): number {
    return this.#undelivered;
  }

  /** Messages that are not delivered yet. */
  get left(): number {
    return this.#waiting.length + (this.#isBusy ? 1 : 0);
  }

  /** Sends it after this turn of the loop: the action that it tells of is carried out first. */
  push(letter: Letter): void {
    this.#waiting.push(letter);
    if (this.#waiting.length > MOST_WAITING) {
      this.#waiting.shift();
      this.#undelivered += 1;
    }
    if (!this.#isBusy) setImmediate(() => !this.#isBusy && void this.#work());
  }

  /** What is on its way is not tried again. */
  close(): void {
    this.#isClosed = true;
    this.#channel.close();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let letter = this.#waiting.shift(); letter !== undefined; letter = this.#waiting.shift())
      await this.#send(letter);
    this.#isBusy = false;
  }

  async #send(letter: Letter): Promise<void> {
    try {
      await pRetry(() => this.#channel.send(letter), { ...RETRIES, shouldRetry: () => !this.#isClosed });
      this.#hasFailed = false;
    } catch (error) {
      this.#undelivered += 1;
      // Told once: a receiver that is away would fill the log.
      if (!this.#hasFailed && !this.#isClosed)
        this.#onProblem(`${this.#channel.label} was not told of ${letter.message.event}: ${(error as Error).message}`);
      this.#hasFailed = true;
    }
  }
}
