import type { Clock } from '../sys/clock.ts';
import { DueQueue } from './dueQueue.ts';

/** Something that is looked at again and again. */
export interface Tracked {
  /** `command:redis`, `unit:foo.service`: how it is called everywhere. */
  readonly id: string;
  /**
   * One look, `lateMs` after it was due. Returns the milliseconds until the next one; `gone` when there is nothing more to
   * look at. What it throws concerns this one alone.
   */
  look(nowMs: number, lateMs: number): number | 'gone';
  /** Its look threw. Says so, once; returns the milliseconds until it is tried again. */
  failed(error: unknown): number;
}

/** Looks are taken for at most this long in one turn; the others of a crowd come in the next, a moment later. */
const MOST_TURN_MS = 4;
/** The loop has other work too: signals, the log, the answers to HTTP requests. */
const NEXT_TURN_MS = 1;
/** Timers count whole milliseconds, so one rings up to this long before its time: to sleep again for that is a second wake-up. */
const EARLY_MS = 0.99;

/** One clock for all that is guarded: each is looked at when it is due, and none can keep the others from it. */
export class Engine {
  readonly #clock: Clock;
  readonly #queue = new DueQueue<Tracked>();
  readonly #members = new Set<Tracked>();
  readonly #onGone: (tracked: Tracked) => void;
  #cancel: (() => void) | undefined;
  #armedMs = Number.POSITIVE_INFINITY;
  #turn = 0;
  #isStopped = false;

  constructor(clock: Clock, onGone: (tracked: Tracked) => void = () => {}) {
    this.#clock = clock;
    this.#onGone = onGone;
  }

  /** Goes up with every turn: what several targets share is read once in each. */
  get turn(): number {
    return this.#turn;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Looks at it now, and from now on when it is due. */
  add(tracked: Tracked): void {
    this.#members.add(tracked);
    this.wake(tracked);
  }

  remove(tracked: Tracked): void {
    this.#members.delete(tracked);
    this.#queue.remove(tracked);
  }

  /** Looks now instead of when it is due: the kernel said that something happened. Nothing after `stop` or `remove`. */
  wake(tracked: Tracked): void {
    if (this.#isStopped || !this.#members.has(tracked)) return;
    this.#turn += 1;
    const nowMs = this.#clock.now();
    this.#look(tracked, nowMs, nowMs);
    this.#arm();
  }

  /** Puts one in the place of another, and looks at it now: a cold target has become a warm one. */
  replace(before: Tracked, after: Tracked): void {
    this.remove(before);
    this.add(after);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #run(): void {
    this.#armedMs = Number.POSITIVE_INFINITY;
    if (this.#isStopped) return;
    this.#turn += 1;
    const startMs = this.#clock.now();
    for (let nowMs = startMs; nowMs - startMs < MOST_TURN_MS; nowMs = this.#clock.now()) {
      // What is due again after its look waits for the next turn: it must not keep the others from this one.
      const due = this.#queue.takeDue(startMs + EARLY_MS);
      if (due === undefined) break;
      this.#look(due.item, nowMs, due.dueMs);
    }
    this.#arm();
  }

  #look(tracked: Tracked, nowMs: number, dueMs: number): void {
    let waitMs: number | 'gone';
    try {
      waitMs = tracked.look(nowMs, Math.max(0, nowMs - dueMs));
    } catch (error) {
      waitMs = tracked.failed(error);
    }
    // Its own look may have taken it out, or put another in its place.
    if (this.#isStopped || !this.#members.has(tracked)) return;
    if (waitMs === 'gone') {
      this.remove(tracked);
      this.#onGone(tracked);
    } else this.#queue.set(tracked, this.#clock.now() + Math.max(NEXT_TURN_MS, waitMs));
  }

  #arm(): void {
    const nextMs = this.#queue.nextMs;
    if (this.#isStopped || nextMs === undefined) return;
    const atMs = Math.max(nextMs, nextMs <= this.#clock.now() ? this.#clock.now() + NEXT_TURN_MS : 0);
    if (this.#armedMs <= atMs) return;
    this.#cancel?.();
    this.#armedMs = atMs;
    this.#cancel = this.#clock.wakeAt(atMs, () => this.#run());
  }
}
