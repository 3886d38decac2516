import type { TaskRecord } from '../trace/record.ts';
import type { MakerStack } from './maker.ts';

/** Places that are told apart. What comes later is counted, but not by its place. */
const MOST_SITES = 1000;
/** Tasks whose maker is remembered: more than a pids cgroup of a service usually has. */
const MOST_TASKS = 65_536;
/** Programs of one site that are told apart. */
const MOST_PROGRAMS = 8;
/** The rate is that of the last two to four seconds, and begins anew after such a time of rest: a program makes tasks in bursts. */
const EPOCH_MS = 2_000;

/** One place that makes tasks. */
export interface Site {
  readonly stack: MakerStack;
  readonly makes: 'threads' | 'processes';
  /** A process that made some of them. */
  readonly pid: number;
  /** What it made, by the weights of its records. */
  readonly count: number;
  /** What it makes in a second now; 0 for one alone. */
  readonly perSecond: number;
  /** Programs that the processes went on to run, the most frequent first. */
  readonly runs: readonly string[];
}

/** Tasks that live, at one moment. */
export interface Census {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  readonly alive: ReadonlySet<number>;
}

/** Which place made which task. All of it is bounded: a bomb makes no guard larger. */
export class SiteLedger {
  readonly #sites = new Map<string, OpenSite>();
  /** Who made a task that may still live, and when. */
  readonly #makers = new Map<number, { readonly site: OpenSite; readonly atMs: number }>();

  /** False if there are too many places to tell this one apart. */
  add(stack: MakerStack, record: TaskRecord): boolean {
    const makes = record.isThread ? 'threads' : 'processes';
    const key = `${makes} ${stack.key}`;
    let site = this.#sites.get(key);
    if (site === undefined) {
      if (this.#sites.size >= MOST_SITES) return false;
      site = new OpenSite(stack, makes, record.pid);
      this.#sites.set(key, site);
    }
    site.add(record);
    // The newest of a number is the one that lives.
    this.#makers.delete(record.task);
    this.#makers.set(record.task, { site, atMs: record.atMs });
    const [oldest] = this.#makers.keys();
    if (this.#makers.size > MOST_TASKS && oldest !== undefined) this.#makers.delete(oldest);
    return true;
  }

  /** A process that was made runs this program now. */
  runs(pid: number, program: string): void {
    this.#makers.get(pid)?.site.ran(program);
  }

  get sites(): readonly Site[] {
    return [...this.#sites.values()];
  }

  /** How many tasks of each place live: those of the census, and those that were made after it. */
  living({ alive, atMs }: Census): ReadonlyMap<Site, number> {
    const living = new Map<Site, number>();
    for (const [task, made] of this.#makers) {
      if (alive.has(task) || made.atMs > atMs) living.set(made.site, (living.get(made.site) ?? 0) + 1);
    }
    return living;
  }
}

interface Mark {
  readonly atMs: number;
  readonly count: number;
}

class OpenSite implements Site {
  readonly stack: MakerStack;
  readonly makes: Site['makes'];
  readonly pid: number;
  count = 0;
  readonly #runs = new Map<string, number>();
  /** From where the rate is counted, and from where it will be next: the time of a record, and what was made until then. */
  #from: Mark | undefined;
  #next: Mark | undefined;
  #lastMs = 0;

  constructor(stack: MakerStack, makes: Site['makes'], pid: number) {
    this.stack = stack;
    this.makes = makes;
    this.pid = pid;
  }

  add({ atMs, weight }: TaskRecord): void {
    this.count += weight;
    const here = { atMs, count: this.count };
    if (this.#next === undefined || atMs - this.#lastMs > EPOCH_MS) this.#from = this.#next = here;
    else if (atMs - this.#next.atMs > EPOCH_MS) [this.#from, this.#next] = [this.#next, here];
    this.#lastMs = atMs;
  }

  ran(program: string): void {
    if (!this.#runs.has(program) && this.#runs.size >= MOST_PROGRAMS) return;
    this.#runs.set(program, (this.#runs.get(program) ?? 0) + 1);
  }

  get runs(): readonly string[] {
    return [...this.#runs].sort((a, b) => b[1] - a[1]).map(([program]) => program);
  }

  get perSecond(): number {
    const { atMs, count } = this.#from ?? { atMs: 0, count: 0 };
    const ms = this.#lastMs - atMs;
    return ms > 0 ? ((this.count - count) * 1000) / ms : 0;
  }
}
