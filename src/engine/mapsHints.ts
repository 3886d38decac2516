import { mayRepeat } from '../core/gate.ts';
import { type Activity, readActivity } from '../procfs/activity.ts';
import type { KernelRoot } from '../procfs/root.ts';

/** The cheap look at all processes of a target is taken this often, and never for over a hundredth of a core. */
const LOOK_EVERY_MS = 500;
/** A process that ran for this share of the time since the last look, or gained so many pages, may have made maps. */
const BUSY_SHARE = 0.02;
const GREW_PAGES = 256;
/** The busiest of them; a leak is hardly spread over more at once. */
const MOST = 8;

/**
 * Which processes of a target may have made maps since the last look. Counting the maps of a process costs up to 40 ms; a
 * tree of 300 has one that leaks, with one thread, beside others that have nine.
 */
export class MapsHints {
  readonly #root: KernelRoot;
  readonly #now: () => number;
  #seen = new Map<number, Activity>();
  #lookedMs = Number.NEGATIVE_INFINITY;
  #costMs = 0;

  constructor(root: KernelRoot, now: () => number) {
    this.#root = root;
    this.#now = now;
  }

  /** Those that moved, the busiest first; `undefined` when it is not time to look. */
  look(nowMs: number, processes: () => readonly number[]): readonly number[] | undefined {
    if (!mayRepeat(nowMs, this.#lookedMs, this.#costMs, LOOK_EVERY_MS)) return undefined;
    const elapsedNs = (nowMs - this.#lookedMs) * 1e6;
    const startMs = this.#now();
    const next = new Map<number, Activity>();
    const moved: { pid: number; ranNs: number }[] = [];
    for (const pid of processes()) {
      const activity = readActivity(this.#root, pid);
      if (activity === undefined) continue;
      next.set(pid, activity);
      const before = this.#seen.get(pid);
      if (before === undefined) continue;
      const ranNs = activity.ranNs - before.ranNs;
      if (ranNs > elapsedNs * BUSY_SHARE || activity.pages - before.pages > GREW_PAGES) moved.push({ pid, ranNs });
    }
    this.#seen = next;
    this.#lookedMs = nowMs;
    this.#costMs = this.#now() - startMs;
    return moved
      .sort((a, b) => b.ranNs - a.ranNs)
      .slice(0, MOST)
      .map(({ pid }) => pid);
  }
}
