import type { MemoryWindow } from '../../native/memoryWindow.ts';
import type { Memory } from '../../native/processMemory.ts';
import type { PythonLayout } from '../layout.ts';
import type { Place } from './noteLayout.ts';

/** States that are looked through for one thread, and threads that are remembered. */
const MOST_STATES = 1_000;
const MOST_KNOWN = 1_024;
/** A long list is not gone through for each record. */
const AGAIN_MS = 100;

/** Where the interpreter has the state of a thread, by the kernel's id. */
export class ThreadStates {
  readonly #layout: PythonLayout;
  readonly #place: Place;
  readonly #window: MemoryWindow;
  readonly #known = new Map<number, number>();
  #walkedMs = Number.NEGATIVE_INFINITY;

  constructor(memory: Memory, layout: PythonLayout, place: Place) {
    this.#layout = layout;
    this.#place = place;
    this.#window = memory.window(0, 256);
  }

  /** `undefined` for a thread that has none, or whose state was not found in time. */
  stateOf(tid: number, nowMs: number): number | undefined {
    this.#window.refresh();
    const known = this.#known.get(tid);
    if (known !== undefined && this.#is(known, tid)) return known;
    const holder = this.#window.readWord(this.#place.holderAt);
    const found = holder && this.#is(holder, tid) ? holder : this.#walk(tid, nowMs);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    if (found !== undefined) this.#known.set(tid, found);
    return found;
  }

  /** The last that fits: in 3.11 the state of a new thread has the id of its maker until it runs, and stands further ahead. */
  #walk(tid: number, nowMs: number): number | undefined {
    if (nowMs - this.#walkedMs < AGAIN_MS) return undefined;
    this.#walkedMs = nowMs;
    const { interpreter, thread } = this.#layout;
    let state = this.#window.readWord(this.#place.interpreter + interpreter.threadsHead);
    let found: number | undefined;
    for (let seen = 0; state && seen < MOST_STATES; seen += 1) {
      if (this.#is(state, tid)) found = state;
      state = this.#window.readWord(state + thread.next);
    }
    return found;
  }

  #is(state: number, tid: number): boolean {
    return this.#window.readWord(state + this.#place.nativeId) === tid;
  }
}
