import type { Fitted } from '../core/cost.ts';
import { fitSlope } from '../core/slope.ts';
import { COUNT_AT_LEAST_EVERY_MS, COUNT_EVERY_MS, mapsIntervalMs } from '../policy/mapsCadence.ts';
import { processesWithMostThreads } from '../procfs/busiest.ts';
import { countMaps } from '../procfs/maps.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStatus } from '../procfs/status.ts';
import { countThreads } from '../procfs/task.ts';
import { MapsHints } from './mapsHints.ts';

/** Processes whose maps are counted: the ones with the most threads. */
const HEAVIEST = 4;
/** Maps gained or lost between two counts that count as moving. */
const NOTICEABLE_MAPS = 64;
const MAX_LISTED = 256;
const POINTS = 32;
/** A count that had to wait for the target's lock was not dear; 60,000 maps, which are, cost about this. */
const MAX_COST_MS = 50;

/**
 * One count at a time, on the thread pool: `look` never waits, the result is there for a later look. Counted are the
 * processes with the most threads, the one with the most maps, and those that a cheap look found at work. Away from the
 * line that takes a hundredth of a core at most; near it, half of one, for seconds.
 */
export class MapsWatch {
  readonly #root: KernelRoot;
  readonly #now: () => number;
  readonly #hints: MapsHints;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** At work since the last count. */
  #moved = new Set<number>();
  /** The last count of each process that was counted, and when. */
  #counts = new Map<number, { readonly maps: number; readonly atMs: number }>();
  #costMs = 0;
  #everyMs = COUNT_EVERY_MS;
  #isCounting = false;
  #tasksAtCount = 0;
  #heaviest: { pid: number; maps: number } | undefined;
  /** The heaviest process at the last counts: what one more thread takes is the slope over its threads. */
  #points: { threads: number; maps: number; bytes: number }[] = [];
  #perSecond = 0;
  #waitMs = COUNT_EVERY_MS;
  #onMove: (() => void) | undefined;
  #perThread: Fitted = { maps: undefined, userBytes: undefined };

  constructor(root: KernelRoot, now: () => number) {
    this.#root = root;
    this.#now = now;
    this.#hints = new MapsHints(root, now);
  }

  /** The process with the most maps as last counted. */
  get heaviest(): { readonly pid: number; readonly maps: number } | undefined {
    return this.#heaviest;
  }

  /** The most maps that a process made in a second between its last two counts. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** What one more thread of the heaviest process takes, once its threads have moved. */
  get perThread(): Fitted {
    return this.#perThread;
  }

  /** Calls back when a count is there and maps move: whoever waits for the next look would be late. */
  onMove(callback: (() => void) | undefined): void {
    this.#onMove = callback;
  }

  /** Milliseconds until the next count is wanted. */
  dueInMs(nowMs: number): number {
    return Math.max(0, this.#lastMs + this.#waitMs - nowMs);
  }

  /** `line` is where the maps of one process trip. */
  look(nowMs: number, tasks: number, line: number | undefined, processes: () => readonly number[]): void {
    for (const pid of this.#hints.look(nowMs, processes) ?? []) this.#moved.add(pid);
    this.#waitMs = this.#intervalMs(tasks, line);
    if (this.#isCounting || nowMs - this.#lastMs < this.#waitMs) return;
    this.#lastMs = nowMs;
    const candidates = this.#candidates(processes());
    this.#isCounting = true;
    void this.#count(candidates).then(() => {
      this.#isCounting = false;
      this.#tasksAtCount = tasks;
      if (this.#perSecond > 0) this.#onMove?.();
    });
  }

  #intervalMs(tasks: number, line: number | undefined): number {
    const hasMoved = Math.abs(tasks - this.#tasksAtCount) > Math.max(256, this.#tasksAtCount / 4);
    const everyMs = hasMoved ? COUNT_EVERY_MS / 10 : this.#moved.size > 0 ? COUNT_EVERY_MS : this.#everyMs;
    const { maps = 0 } = this.#heaviest ?? {};
    return mapsIntervalMs({ maps, line, perSecond: this.#perSecond, costMs: this.#costMs, everyMs });
  }

  async #count(pids: readonly number[]): Promise<void> {
    const startMs = this.#now();
    this.#moved.clear();
    const before = this.#counts;
    this.#counts = new Map();
    let heaviest: { pid: number; maps: number } | undefined;
    let threads = 0;
    let perSecond = 0;
    for (const pid of pids) {
      const threadsBefore = countThreads(this.#root, pid) ?? 0;
      const atMs = this.#now();
      const maps = await countMaps(this.#root, pid);
      // A process that is just ending has no maps any more: that is not a count.
      if (maps === undefined || maps === 0) continue;
      const last = before.get(pid);
      this.#counts.set(pid, { maps, atMs });
      if (last !== undefined && atMs > last.atMs) {
        perSecond = Math.max(perSecond, ((maps - last.maps) * 1_000) / (atMs - last.atMs));
      }
      if (maps <= (heaviest?.maps ?? 0)) continue;
      heaviest = { pid, maps };
      // Both sides of the count: it takes a while, and the threads go on.
      threads = (threadsBefore + (countThreads(this.#root, pid) ?? threadsBefore)) / 2;
    }
    const moved = Math.abs((heaviest?.maps ?? 0) - (this.#heaviest?.maps ?? 0));
    this.#everyMs = moved >= NOTICEABLE_MAPS ? COUNT_EVERY_MS : Math.min(2 * this.#everyMs, COUNT_AT_LEAST_EVERY_MS);
    this.#perSecond = perSecond;
    if (heaviest !== undefined) this.#learn(heaviest, threads);
    this.#heaviest = heaviest ?? this.#heaviest;
    this.#costMs = Math.min(MAX_COST_MS, this.#now() - startMs);
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
    const largest = processesWithMostThreads(this.#root, pids.slice(0, MAX_LISTED))
      .slice(0, HEAVIEST)
      .map(({ pid }) => pid);
    const known = this.#heaviest === undefined ? [] : [this.#heaviest.pid];
    return [...new Set([...known, ...this.#moved, ...largest])];
  }
}
