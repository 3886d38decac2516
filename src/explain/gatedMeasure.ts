import { type Measured, measureProcess } from '../ceilings/measure.ts';
import { countMapsNow } from '../procfs/maps.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStatus } from '../procfs/status.ts';

/**
 * Nothing is read again before this many times the time that it took. A program makes 60,000 maps in 250 ms. Counting
 * them takes 25 ms; measuring them, with the stacks of threads among them, takes 200 ms.
 */
const COUNT_DUTY = 8;
const MEASURE_DUTY = 50;
/** The target may grow faster than it was ever seen to. */
const MARGIN = 2;

/** The last count of the process that had the most maps. */
interface MapsCount {
  readonly pid: number;
  readonly maps: number;
  readonly atMs: number;
}

/** What the threads and maps of a process cost: measured seldom, its maps counted as often as that is cheap. */
export class GatedMeasure {
  readonly #root: KernelRoot;
  readonly #now: () => number;
  #measured: Measured | undefined;
  #measuredMs = Number.NEGATIVE_INFINITY;
  #measureCostMs = 0;
  #pid: number | undefined;
  #maps: number | 'unknown' = 0;
  #countedMs = Number.NEGATIVE_INFINITY;
  #countCostMs = 0;
  #most: MapsCount | undefined;
  #fastestPerMs = 0;

  constructor(root: KernelRoot, now: () => number) {
    this.#root = root;
    this.#now = now;
  }

  /** Maps as last counted; 0 before the first count, and where they may not be read. */
  get maps(): number {
    return typeof this.#maps === 'number' ? this.#maps : 0;
  }

  /**
   * How many maps may have been made since the count that is known, by the fastest growth that was seen: 0 when the last
   * count is of this moment. A process that has ended cannot be counted any more.
   */
  get grownSince(): number {
    if (this.#most === undefined || this.#most.atMs === this.#countedMs) return 0;
    return Math.ceil(MARGIN * this.#fastestPerMs * (this.#countedMs - this.#most.atMs));
  }

  /** The next look counts anew: something has just happened. */
  forget(): void {
    this.#countedMs = Number.NEGATIVE_INFINITY;
  }

  of(pid: number): Measured {
    const nowMs = this.#now();
    const isOther = pid !== this.#pid;
    this.#pid = pid;
    let measured = this.#measured;
    if (measured === undefined || nowMs - this.#measuredMs >= MEASURE_DUTY * this.#measureCostMs) {
      measured = measureProcess(this.#root, pid);
      this.#measured = measured;
      this.#measuredMs = nowMs;
      this.#measureCostMs = this.#now() - nowMs;
      this.#note(pid, measured.maps, nowMs);
    } else if (isOther || nowMs - this.#countedMs >= COUNT_DUTY * this.#countCostMs) {
      const maps = countMapsNow(this.#root, pid) ?? 'unknown';
      this.#countCostMs = this.#now() - nowMs;
      this.#note(pid, maps, nowMs);
    }
    return { ...measured, maps: this.#maps };
  }

  /** A count is kept, unless the process has ended meanwhile: then it is too low, and what was known stands. */
  #note(pid: number, maps: number | 'unknown', nowMs: number): void {
    this.#countedMs = nowMs;
    const hasEnded = maps === 0 || (readStatus(this.#root, pid)?.vmSizeBytes ?? 0) === 0;
    if (hasEnded && this.#most !== undefined) return;
    this.#maps = maps;
    const most = this.#most;
    if (typeof maps !== 'number' || (most !== undefined && most.pid !== pid && maps < most.maps)) return;
    if (most?.pid === pid && nowMs > most.atMs)
      this.#fastestPerMs = Math.max(this.#fastestPerMs, (maps - most.maps) / (nowMs - most.atMs));
    this.#most = { pid, maps, atMs: nowMs };
  }
}
