import type { Fitted } from '../core/cost.ts';
import { mayRepeat } from '../core/gate.ts';
import { fitSlope } from '../core/slope.ts';
import { processesWithMostThreads } from '../procfs/busiest.ts';
import { countMaps } from '../procfs/maps.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStatus } from '../procfs/status.ts';
import { countThreads } from '../procfs/task.ts';

/** Processes whose maps are counted: the ones with the most threads. */
const HEAVIEST = 4;
const COUNT_EVERY_MS = 1_000;
/** Maps that do not move are counted less and less often, down to this. */
const COUNT_AT_LEAST_EVERY_MS = 5_000;
/** Maps gained or lost between two counts that count as moving. */
const NOTICEABLE_MAPS = 64;
const MAX_LISTED = 256;
const POINTS = 32;
/** A count that had to wait for the target's lock was not dear; 60,000 maps, which are, cost about this. */
const MAX_COST_MS = 50;

/**
 * One count at a time, on the thread pool: `look` never waits, the result is there for a later look.
 * Counts the maps of the heaviest processes, never spending over 1 % of a core on it: a count of
 * 60,000 maps takes 22 ms. Out of turn it counts when the threads say that the maps must have moved.
 */
export class MapsWatch {
  readonly #root: KernelRoot;
  readonly #now: () => number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #costMs = 0;
  #everyMs = COUNT_EVERY_MS;
  #isCounting = false;
  #tasksAtCount = 0;
  #countedMs = 0;
  #heaviest: { pid: number; maps: number } | undefined;
  /** The heaviest process at the last counts: what one more thread takes is the slope over its threads. */
  #points: { threads: number; maps: number; bytes: number }[] = [];
  #perSecond = 0;
  #perThread: Fitted = { maps: undefined, userBytes: undefined };

  constructor(root: KernelRoot, now: () => number) {
    this.#root = root;
    this.#now = now;
  }

  /** The process with the most maps as last counted. */
  get heaviest(): { readonly pid: number; readonly maps: number } | undefined {
    return this.#heaviest;
  }

  /** Maps that it made in a second between the last two counts; 0 when it is another one. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** What one more thread of the heaviest process takes, once its threads have moved. */
  get perThread(): Fitted {
    return this.#perThread;
  }

  look(nowMs: number, tasks: number, processes: () => readonly number[]): void {
    const hasMoved = Math.abs(tasks - this.#tasksAtCount) > Math.max(256, this.#tasksAtCount / 4);
    if (
      this.#isCounting ||
      !mayRepeat(nowMs, this.#lastMs, this.#costMs, hasMoved ? COUNT_EVERY_MS / 10 : this.#everyMs)
    )
      return;
    this.#lastMs = nowMs;
    this.#isCounting = true;
    void this.#count(this.#candidates(processes())).then(() => {
      this.#isCounting = false;
      this.#tasksAtCount = tasks;
    });
  }

  async #count(pids: readonly number[]): Promise<void> {
    const before = this.#now();
    // A process that is just ending has no maps any more: that is not a count.
    let heaviest: { pid: number; maps: number } | undefined;
    let threads = 0;
    for (const pid of pids) {
      const threadsBefore = countThreads(this.#root, pid) ?? 0;
      const maps = await countMaps(this.#root, pid);
      if (maps !== undefined && maps > (heaviest?.maps ?? 0)) {
        heaviest = { pid, maps };
        // Both sides of the count: it takes a while, and the threads go on.
        threads = (threadsBefore + (countThreads(this.#root, pid) ?? threadsBefore)) / 2;
      }
    }
    const moved = Math.abs((heaviest?.maps ?? 0) - (this.#heaviest?.maps ?? 0));
    this.#everyMs = moved >= NOTICEABLE_MAPS ? COUNT_EVERY_MS : Math.min(2 * this.#everyMs, COUNT_AT_LEAST_EVERY_MS);
    const elapsedMs = before - this.#countedMs;
    const isSame = heaviest?.pid === this.#heaviest?.pid;
    this.#perSecond =
      isSame && elapsedMs > 0
        ? Math.max(0, ((heaviest?.maps ?? 0) - (this.#heaviest?.maps ?? 0)) * (1000 / elapsedMs))
        : 0;
    this.#countedMs = before;
    if (heaviest !== undefined) this.#learn(heaviest, threads);
    this.#heaviest = heaviest ?? this.#heaviest;
    this.#costMs = Math.min(MAX_COST_MS, this.#now() - before);
  }

  #learn(heaviest: { readonly pid: number; readonly maps: number }, threads: number): void {
    if (heaviest.pid !== this.#heaviest?.pid) this.#points = [];
    const bytes = readStatus(this.#root, heaviest.pid)?.rssAnonBytes ?? 0;
    this.#points.push({ threads, maps: heaviest.maps, bytes });
    if (this.#points.length > POINTS) this.#points.shift();
    this.#perThread = {
      maps: fitSlope(this.#points.map(({ threads: x, maps: y }) => ({ x, y }))),
      userBytes: fitSlope(this.#points.map(({ threads: x, bytes: y }) => ({ x, y }))),
    };
  }

  #candidates(pids: readonly number[]): number[] {
    if (pids.length <= HEAVIEST) return [...pids];
    return processesWithMostThreads(this.#root, pids.slice(0, MAX_LISTED))
      .slice(0, HEAVIEST)
      .map(({ pid }) => pid);
  }
}
