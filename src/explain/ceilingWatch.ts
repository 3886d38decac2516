import { measureProcess } from '../ceilings/measure.ts';
import { CEILINGS } from '../ceilings/registry.ts';
import { openContext } from '../ceilings/subject.ts';
import { type CgroupPlaces, locate } from '../cgroup/locate.ts';
import { ceilingLabel } from '../core/ceiling.ts';
import { gated, gatedCount } from '../core/gate.ts';
import type { Ceiling } from '../core/model.ts';
import { processesWithMostThreads } from '../procfs/busiest.ts';
import type { IdCalls } from '../procfs/ids.ts';
import { parseLoadavg } from '../procfs/loadavg.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStatus } from '../procfs/status.ts';
import { countersSince, readCounters } from './counters.ts';

/** What a process is, its limits and its place may change at exec; maps are read again after 20 times their cost. */
const REOPEN_MS = 20;
const MAPS_DUTY = 20;
const MOST_PROCESSES = 64;

/**
 * Looks at a target again and again and keeps, of every ceiling, how tight it ever was: most ceilings leave no
 * trace, and a process that was refused may be gone a millisecond later.
 */
export class CeilingWatch {
  readonly #root: KernelRoot;
  readonly #ids: IdCalls | undefined;
  readonly #processes: () => readonly number[];
  readonly #now: () => number;
  readonly #tightest = new Map<string, Ceiling>();
  #read: (() => Ceiling[]) | undefined;
  #heaviest: number | undefined;
  #key = '';
  /** Everywhere it was ever seen: one that has just been killed is shown in the root. */
  readonly #places: CgroupPlaces[] = [];
  readonly #pids = new Map<string, { count: number; isLocal: boolean }>();
  readonly #oomKills = new Map<string, number>();
  #openedMs = Number.NEGATIVE_INFINITY;
  #measured: ReturnType<typeof measureProcess> | undefined;
  #measuredMs = Number.NEGATIVE_INFINITY;
  #measureCostMs = 0;
  #lastTasks: number | undefined;
  #lastMaps: number | undefined;
  #slack = { tasks: 3, maps: 3 };

  constructor(
    root: KernelRoot,
    parts: {
      readonly processes: () => readonly number[];
      readonly ids: IdCalls | undefined;
      readonly now: () => number;
    },
  ) {
    this.#root = root;
    this.#ids = parts.ids;
    this.#processes = parts.processes;
    this.#now = parts.now;
  }

  /** All ceilings as they were when they were tightest, in the order of the kernel’s checks. */
  get tightest(): Ceiling[] {
    return [...this.#tightest.values()].sort((a, b) => a.order - b.order);
  }

  /** What may have been made between two looks: the fastest growth seen, over one of them. */
  get slack(): { readonly tasks: number; readonly maps: number } {
    return this.#slack;
  }

  /** One look; `undefined` when nothing of the target lives any more. */
  look(tasks: number): readonly Ceiling[] | undefined {
    const nowMs = this.#now();
    if (nowMs - this.#openedMs >= REOPEN_MS) this.#open(nowMs);
    const ceilings = this.#read?.();
    if (ceilings === undefined) return undefined;
    const maps = typeof this.#measured?.maps === 'number' ? this.#measured.maps : 0;
    this.#slack = {
      tasks: Math.max(this.#slack.tasks, tasks - (this.#lastTasks ?? tasks)),
      maps: Math.max(this.#slack.maps, maps - (this.#lastMaps ?? maps)),
    };
    this.#lastTasks = tasks;
    this.#lastMaps = maps;
    for (const ceiling of ceilings) this.#keep(ceiling);
    return ceilings;
  }

  /** A look that is taken because something was refused just now: everything is read anew, and nothing was made since. */
  lookClosely(tasks: number): void {
    this.#openedMs = Number.NEGATIVE_INFINITY;
    this.#measuredMs = Number.NEGATIVE_INFINITY;
    if (this.look(tasks) !== undefined) this.#slack = { tasks: 3, maps: 3 };
  }

  #keep(ceiling: Ceiling): void {
    const key = ceilingLabel({ name: ceiling.name, ...(ceiling.scope === 'process' ? {} : ceiling) });
    const known = this.#tightest.get(key);
    const isTighter =
      known === undefined ||
      typeof known.remaining !== 'number' ||
      (typeof ceiling.remaining === 'number' && ceiling.remaining <= known.remaining);
    if (isTighter) this.#tightest.set(key, ceiling);
  }

  #open(nowMs: number): void {
    const root = this.#root;
    const heaviest = heaviestOf(root, this.#processes().slice(0, MOST_PROCESSES));
    if (heaviest === undefined) return;
    this.#openedMs = nowMs;
    if (heaviest !== this.#heaviest) this.#measuredMs = Number.NEGATIVE_INFINITY;
    this.#heaviest = heaviest;
    // Opened files stay open, so only what they depend on (a prlimit, a move, another user) is a reason to open them
    // again: in a fork bomb the heaviest process is another one at every look.
    const status = readStatus(root, heaviest);
    const key = [
      readText(root.proc(heaviest, 'limits')),
      readText(root.proc(heaviest, 'cgroup')),
      `${status?.uid} ${status?.effectiveCaps} ${status?.nsPids.length}`,
    ].join('\n');
    if (key === this.#key) return;
    this.#key = key;
    const places = locate(root, heaviest);
    this.#places.push(places);
    const counters = readCounters(root, places);
    // The first reading of a cgroup is where its counting begins: what it refused before is another story.
    for (const [path, count] of counters.pids) if (!this.#pids.has(path)) this.#pids.set(path, count);
    for (const [path, count] of counters.oomKills) if (!this.#oomKills.has(path)) this.#oomKills.set(path, count);
    const hostTasks = () => parseLoadavg(readText(root.proc('loadavg')) ?? '')?.tasks ?? 0;
    const context = openContext(root, heaviest, {
      process: () => {
        const pid = this.#heaviest ?? heaviest;
        return { pid, maps: this.#measure(pid).maps };
      },
      cost: () => this.#measure(this.#heaviest ?? heaviest).cost,
      ids: this.#ids,
      gate: (scan) => gated(scan, this.#now, REOPEN_MS, hostTasks),
      growth: (scan) => gatedCount(hostTasks, this.#now, scan, REOPEN_MS),
      isPassing: false,
    });
    const readers = CEILINGS.map((ceiling) => ceiling.open(context));
    this.#read = () => readers.flatMap((read) => read());
  }

  #measure(pid: number): ReturnType<typeof measureProcess> {
    const nowMs = this.#now();
    if (this.#measured === undefined || nowMs - this.#measuredMs >= MAPS_DUTY * this.#measureCostMs) {
      const measured = measureProcess(this.#root, pid);
      // A process that has just ended has no maps: what was known of it stands.
      if (this.#measured === undefined || measured.maps !== 0) this.#measured = measured;
      this.#measuredMs = nowMs;
      this.#measureCostMs = this.#now() - nowMs;
    }
    return this.#measured;
  }

  /** What the kernel has counted since the target was first seen in each of its cgroups. */
  counted(): ReturnType<typeof countersSince> {
    const before = { pids: this.#pids, oomKills: this.#oomKills };
    const after = this.#places.map((places) => readCounters(this.#root, places));
    return countersSince(before, {
      pids: new Map(after.flatMap(({ pids }) => [...pids])),
      oomKills: new Map(after.flatMap(({ oomKills }) => [...oomKills])),
    });
  }
}

/** The shell around a program has as many threads as a program with one: of those the larger process is meant. */
function heaviestOf(root: KernelRoot, pids: readonly number[]): number | undefined {
  const counted = processesWithMostThreads(root, pids);
  return counted
    .filter(({ threads }) => threads === counted[0]?.threads)
    .map(({ pid }) => ({ pid, bytes: readStatus(root, pid)?.vmSizeBytes ?? 0 }))
    .sort((a, b) => b.bytes - a.bytes)[0]?.pid;
}
