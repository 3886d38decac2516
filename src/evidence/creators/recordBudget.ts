/**
 * A record costs its maker 3 to 4 µs, 8 KiB of stack included, and the guard 10: a thread that is made and joined takes 45. So
 * many are free at once, and so many in each second. A leak that is not a bomb stays below that for ever.
 */
const CREDIT = 300;
const PER_SECOND = 500;
/** Primes: a program that makes its tasks in turns of 2, 5 or 10 would else show one and the same place each time. */
const PERIODS = [1, 7, 31, 127, 509] as const;

/** How many of the tasks that are made are recorded: one of `period`. */
export class RecordBudget {
  #credit = CREDIT;
  #lastMs: number | undefined;
  #mostTasks = 0;

  /**
   * So many records came until now, each for `period` tasks. Returns the period from now on. Each task that the target has more
   * than ever before is worth a record of its own: of what grows each is told, and of threads that come and go a few.
   */
  spend(records: number, { nowMs, period, tasks }: Spending): number {
    const seconds = Math.max(0.001, (nowMs - (this.#lastMs ?? nowMs)) / 1000);
    this.#lastMs = nowMs;
    const grew = Math.max(0, tasks - this.#mostTasks);
    this.#mostTasks = Math.max(this.#mostTasks, tasks);
    this.#credit = Math.min(CREDIT, this.#credit + seconds * PER_SECOND + grew - records);
    if (this.#credit > 0) return 1;
    this.#credit = Math.max(this.#credit, -PER_SECOND);
    const madePerSecond = (records * period) / seconds;
    return PERIODS.find((one) => madePerSecond / one <= PER_SECOND) ?? PERIODS[PERIODS.length - 1] ?? 1;
  }
}

export interface Spending {
  readonly period: number;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** Tasks that the target holds now. */
  readonly tasks: number;
}
