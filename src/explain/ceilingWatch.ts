import { CEILINGS } from '../ceilings/registry.ts';
import type { CeilingLook } from '../ceilings/row.ts';
import { openContext } from '../ceilings/subject.ts';
import { locate } from '../cgroup/locate.ts';
import { gated, gatedCount } from '../core/gate.ts';
import type { Ceiling } from '../core/model.ts';
import { processesWithMostThreads } from '../procfs/busiest.ts';
import type { IdCalls } from '../procfs/ids.ts';
import { parseLoadavg } from '../procfs/loadavg.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStatus } from '../procfs/status.ts';
import { CounterWatch } from './counters.ts';
import { GatedMeasure } from './gatedMeasure.ts';
import { Tightest } from './tightest.ts';

/** What a process is, its limits and its place may change at exec: they are looked up this often. */
const REOPEN_MS = 20;
/** In a fork bomb only so many processes are compared. */
const MOST_PROCESSES = 64;
/** What may have been made between two looks, before anything was seen to grow. */
const LEAST_SLACK = { tasks: 3, maps: 3 };

/** Where a watch gets what it sees. */
export interface WatchSources {
  /** The processes of the target now. */
  readonly processes: () => readonly number[];
  readonly ids: IdCalls | undefined;
  readonly now: () => number;
}

/** Looks at a target again and again, and keeps how tight every ceiling ever was. */
export class CeilingWatch {
  readonly #root: KernelRoot;
  readonly #sources: WatchSources;
  readonly #tightest = new Tightest();
  readonly #counters: CounterWatch;
  readonly #measure: GatedMeasure;
  #looks: readonly CeilingLook[] | undefined;
  #heaviest: number | undefined;
  #key = '';
  #openedMs = Number.NEGATIVE_INFINITY;
  #last: { readonly tasks: number; readonly maps: number } | undefined;
  #slack = LEAST_SLACK;

  constructor(root: KernelRoot, sources: WatchSources) {
    this.#root = root;
    this.#sources = sources;
    this.#counters = new CounterWatch(root);
    this.#measure = new GatedMeasure(root, sources.now);
  }

  /** All ceilings as they were when they were tightest, in the order of the kernel's checks. */
  get tightest(): Ceiling[] {
    return this.#tightest.rows();
  }

  /** What may have been made between two looks: the fastest growth that was seen from one look to the next. */
  get slack(): { readonly tasks: number; readonly maps: number } {
    return this.#slack;
  }

  /** One look; `undefined` when the target has no process that can be looked at. */
  look(tasks: number): readonly Ceiling[] | undefined {
    const nowMs = this.#sources.now();
    if (nowMs - this.#openedMs >= REOPEN_MS) this.#open(nowMs);
    const ceilings = this.#looks?.flatMap((look) => look());
    if (ceilings === undefined) return undefined;
    const now = { tasks, maps: this.#measure.maps };
    const last = this.#last ?? now;
    this.#slack = {
      tasks: Math.max(this.#slack.tasks, now.tasks - last.tasks),
      maps: Math.max(this.#slack.maps, now.maps - last.maps),
    };
    this.#last = now;
    for (const ceiling of ceilings) this.#tightest.keep(ceiling);
    return ceilings;
  }

  /** A look because something was refused just now: everything is read anew, and nothing was made since. */
  lookClosely(tasks: number): void {
    this.#openedMs = Number.NEGATIVE_INFINITY;
    this.#measure.forget();
    if (this.look(tasks) === undefined) return;
    // A process that has ended meanwhile could not be counted any more: then its last count is as old as it is.
    this.#slack = { ...LEAST_SLACK, maps: Math.max(LEAST_SLACK.maps, this.#measure.grownSince) };
  }

  /** What the kernel has counted since the target was first seen in each of its cgroups. */
  counted(): ReturnType<CounterWatch['since']> {
    return this.#counters.since();
  }

  #open(nowMs: number): void {
    const root = this.#root;
    const heaviest = heaviestOf(root, this.#sources.processes().slice(0, MOST_PROCESSES));
    if (heaviest === undefined) return;
    this.#openedMs = nowMs;
    this.#heaviest = heaviest;
    // Files stay open. Only what they depend on (a prlimit, a move, another user) is a reason to open them again: in a
    // fork bomb the heaviest process is another one at every look.
    const key = keyOf(root, heaviest);
    if (key === this.#key) return;
    this.#key = key;
    this.#counters.follow(locate(root, heaviest));
    this.#looks = this.#openCeilings(heaviest);
  }

  #openCeilings(pid: number): readonly CeilingLook[] {
    const { ids, now } = this.#sources;
    const hostTasks = (): number => parseLoadavg(readText(this.#root.proc('loadavg')) ?? '')?.tasks ?? 0;
    const current = (): number => this.#heaviest ?? pid;
    const context = openContext(this.#root, pid, {
      process: () => ({ pid: current(), maps: this.#measure.of(current()).maps }),
      cost: () => this.#measure.of(current()).cost,
      ids,
      gate: (scan) => gated(scan, now, REOPEN_MS, hostTasks),
      growth: (scan) => gatedCount(hostTasks, now, scan, REOPEN_MS),
      isPassing: false,
    });
    return CEILINGS.map((row) => row.open(context));
  }
}

/** The one with the most threads; of equal ones the largest: a shell around a program has as many threads as it. */
function heaviestOf(root: KernelRoot, pids: readonly number[]): number | undefined {
  const counted = processesWithMostThreads(root, pids);
  return counted
    .filter(({ threads }) => threads === counted[0]?.threads)
    .map(({ pid }) => ({ pid, bytes: readStatus(root, pid)?.vmSizeBytes ?? 0 }))
    .sort((a, b) => b.bytes - a.bytes)[0]?.pid;
}

/** Everything that the ceilings of a process depend on. */
function keyOf(root: KernelRoot, pid: number): string {
  const status = readStatus(root, pid);
  return [
    readText(root.proc(pid, 'limits')),
    readText(root.proc(pid, 'cgroup')),
    `${status?.uid} ${status?.effectiveCaps} ${status?.nsPids.length}`,
  ].join('\n');
}
