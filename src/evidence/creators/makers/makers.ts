import { type Creator, type Made, rankMade } from '../../../core/creators.ts';
import { formatCount } from '../../../core/units.ts';
import type { KernelRoot } from '../../../procfs/root.ts';
import type { ReadLimits } from '../../elf/readLimits.ts';
import { ElfFiles } from '../../native/elfFiles.ts';
import type { CreationNotes } from '../../python/creations/creationNotes.ts';
import type { ExecRecord, TaskRecord } from '../trace/record.ts';
import { Maker, type MakerStack } from './maker.ts';

/** Processes that are open at once: each holds a descriptor. */
const MOST_OPEN = 8;
/** Places that are told apart. What comes later is counted, but not by its place. */
const MOST_SITES = 1000;
/** The maps of a maker are read again at most so often. */
const AGAIN_MS = 100;
/** For the files of all makers together: an unstripped browser has 110 MB of symbols. */
const MOST_FILE_BYTES = 256 << 20;

/** Names are looked up when somebody asks for them: the symbols of a large program take that long. */
const NAMING_MS = 500;

/** One place that makes tasks. */
interface Site {
  readonly stack: MakerStack;
  readonly makes: 'threads' | 'processes';
  weight: number;
  readonly firstMs: number;
  lastMs: number;
}

interface OpenMaker {
  readonly maker: Maker | undefined;
  openedMs: number;
}

/** Who made the tasks of a target, from the records of the kernel: each is looked at while its maker lives. */
export class Makers {
  readonly #root: KernelRoot;
  readonly #now: () => number;
  readonly #files: ElfFiles;
  readonly #notes: CreationNotes | undefined;
  readonly #open = new Map<number, OpenMaker>();
  readonly #sites = new Map<string, Site>();
  #told = 0;
  #seen = 0;
  #endMs = 0;

  /** With `notes` the kernel notes at each creation what changes at once afterwards. They are closed with the makers. */
  constructor(root: KernelRoot, now: () => number, notes?: CreationNotes) {
    this.#notes = notes;
    this.#root = root;
    this.#now = now;
    this.#files = new ElfFiles(this.#limits());
  }

  /** Takes records in the order of time, until a time by the clock. Returns how many were left. */
  take(records: readonly (TaskRecord | ExecRecord)[], endMs: number): number {
    this.#endMs = endMs;
    for (const [index, record] of records.entries()) {
      if (record.kind === 'exec') this.#forget(record.pid);
      else if (this.#now() >= endMs) return records.length - index;
      else this.#take(record);
    }
    return 0;
  }

  /** Creations that were recorded, by their weights, and those of which the maker's stack is known. */
  get counts(): { readonly seen: number; readonly told: number } {
    return { seen: this.#seen, told: this.#told };
  }

  /** The makers, the one that made most first. `made` is how many tasks there were in all, by the kernel's own count. */
  creators(made: number): Creator[] {
    this.#endMs = this.#now() + NAMING_MS;
    const sites = [...this.#sites.values()].map(({ firstMs, lastMs, makes, stack, weight }): Made => {
      return { ...stack.frames(), makes, count: weight, firstMs, lastMs };
    });
    const all = Math.max(made, this.#seen);
    const source =
      this.#told === all
        ? `the kernel recorded all ${formatCount(all)}`
        : `the kernel recorded ${formatCount(this.#told)} of ${formatCount(all)}`;
    return rankMade(sites, source);
  }

  close(): void {
    for (const { maker } of this.#open.values()) maker?.close();
    this.#open.clear();
    this.#files.close();
    this.#notes?.close();
  }

  #take(record: TaskRecord): void {
    this.#seen += record.weight;
    const stack = this.#makerOf(record)?.stackOf(record);
    if (stack === undefined) return;
    const makes = record.isThread ? 'threads' : 'processes';
    const key = `${makes} ${stack.key}`;
    const site = this.#sites.get(key);
    if (site !== undefined) {
      site.weight += record.weight;
      site.lastMs = record.atMs;
    } else {
      if (this.#sites.size >= MOST_SITES) return;
      this.#sites.set(key, { stack, makes, weight: record.weight, firstMs: record.atMs, lastMs: record.atMs });
    }
    this.#told += record.weight;
  }

  #makerOf(record: TaskRecord): Maker | undefined {
    const { pid } = record;
    const known = this.#open.get(pid);
    const isOld = (known?.openedMs ?? Number.NEGATIVE_INFINITY) + AGAIN_MS < this.#now();
    if (known !== undefined && (!isOld || known.maker?.knows(record) === true)) {
      // The one that was used last is closed last.
      this.#open.delete(pid);
      this.#open.set(pid, known);
      return known.maker;
    }
    const maker = Maker.open(this.#root, pid, this.#files, this.#notes) ?? known?.maker;
    if (maker !== known?.maker) this.#forget(pid);
    this.#open.delete(pid);
    this.#open.set(pid, { maker, openedMs: this.#now() });
    const [oldest] = this.#open.keys();
    if (this.#open.size > MOST_OPEN && oldest !== undefined) this.#forget(oldest);
    return maker;
  }

  /** Its sites stay: they keep what they need. */
  #forget(pid: number): void {
    this.#open.get(pid)?.maker?.close();
    this.#open.delete(pid);
  }

  #limits(): ReadLimits {
    let leftBytes = MOST_FILE_BYTES;
    return {
      isOver: () => this.#now() >= this.#endMs,
      mayLoad: (bytes) => {
        if (!(bytes <= leftBytes)) return false;
        leftBytes -= bytes;
        return true;
      },
    };
  }
}
