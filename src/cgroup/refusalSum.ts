import { statSync } from 'node:fs';
import { join } from 'node:path';
import { mayRepeat } from '../core/gate.ts';
import { errnoOf } from '../errors.ts';
import { KeptFile, readOrThrow } from '../procfs/read.ts';
import { listCgroups } from './members.ts';
import { parseEvents } from './pids.ts';
import { isGone, UnreadError } from './unread.ts';

/** Nested cgroups are not counted more often than this. */
const LEAST_MS = 5;

/**
 * The refusals of the pids controller in a whole tree of cgroups. It never goes down: what a cgroup counted stays in
 * the sum when the cgroup is removed.
 *
 * Where the kernel counts (kernel/cgroup/pids.c, `pids_event`):
 * - v1, and v2 before Linux 6.11: `pids.events` of the cgroup that forked, whichever limit it met. All are summed.
 * - v2 from 6.11: `pids.events` counts for the cgroup whose limit was met and for all of its ancestors, so the top has
 *   everything, and `pids.events.local` counts for one cgroup alone. Mounted with `pids_localevents` both files count
 *   as before. The larger one of the top's count and the sum of the local counts is right in both cases.
 */
export class RefusalSum {
  readonly #top: string;
  readonly #now: () => number;
  readonly #events: KeptFile;
  readonly #local: KeptFile;
  /** v2 only. The text changes with every cgroup that is made or removed below. */
  readonly #stat: KeptFile;
  #below: readonly string[] = [];
  /** The last count of each nested cgroup, and the sum of those that are gone. */
  #counts = new Map<string, number>();
  #gone = 0;
  #listedAt: string | undefined;
  #readMs = Number.NEGATIVE_INFINITY;
  #costMs = 0;
  #last: number | undefined;

  constructor(top: string, now: () => number) {
    this.#top = top;
    this.#now = now;
    this.#events = new KeptFile(join(top, 'pids.events'));
    this.#local = new KeptFile(join(top, 'pids.events.local'));
    this.#stat = new KeptFile(join(top, 'cgroup.stat'));
  }

  /**
   * Refusals since the top was made; `undefined` where this kernel counts none (before Linux 4.8). Throws an
   * `UnreadError` when a count exists and could not be read.
   */
  read(): number | undefined {
    const own = parseEvents(this.#events.read());
    if (own === undefined) {
      const { error, path } = this.#events;
      if (error !== undefined && !isGone({ code: error })) throw new UnreadError(path, error);
      return this.#last;
    }
    this.#readBelow();
    let below = this.#gone;
    for (const count of this.#counts.values()) below += count;
    const local = parseEvents(this.#local.read());
    const total = local === undefined ? own + below : Math.max(own, local + below);
    this.#last = Math.max(this.#last ?? 0, total);
    return this.#last;
  }

  close(): void {
    for (const file of [this.#events, this.#local, this.#stat]) file.close();
  }

  /** Most targets have no cgroup below their own: that is seen by one short read. */
  #readBelow(): void {
    const signature = this.#stat.read() ?? linksOf(this.#top);
    if (isAlone(signature) && this.#below.length === 0) return;
    const nowMs = this.#now();
    if (!mayRepeat(nowMs, this.#readMs, this.#costMs, LEAST_MS)) return;
    // v1 shows only the direct children in the link count, so there the tree is listed each time.
    if (!this.#stat.isOpen || signature !== this.#listedAt) this.#list(signature);
    for (const dir of this.#below) this.#count(dir);
    this.#readMs = nowMs;
    this.#costMs = this.#now() - nowMs;
  }

  #list(signature: string): void {
    const { dirs, unread } = listCgroups(this.#top);
    if (unread !== undefined) throw new UnreadError(unread.path, unread.errno);
    this.#below = dirs.slice(1);
    this.#listedAt = signature;
    const alive = new Set(this.#below);
    for (const [dir, count] of this.#counts) {
      if (alive.has(dir)) continue;
      this.#gone += count;
      this.#counts.delete(dir);
    }
  }

  #count(dir: string): void {
    const name = this.#local.isOpen ? 'pids.events.local' : 'pids.events';
    let count: number | undefined;
    try {
      count = parseEvents(readOrThrow(join(dir, name)));
    } catch (error) {
      // A cgroup without the controller has no such file: its tasks count in its parent.
      if (!isGone(error)) throw new UnreadError(join(dir, name), errnoOf(error));
    }
    const before = this.#counts.get(dir) ?? 0;
    if (count === undefined) return;
    // A lower count is that of another cgroup, made under the same name.
    if (count < before) this.#gone += before;
    this.#counts.set(dir, count);
  }
}

/** `nr_descendants 0\nnr_dying_descendants 2\n…` (v2), or the link count: 2, and one for each child (v1). */
function isAlone(signature: string): boolean {
  return signature === '2' || /^nr_descendants 0$/m.test(signature);
}

function linksOf(dir: string): string {
  try {
    return String(statSync(dir).nlink);
  } catch {
    return '2';
  }
}
