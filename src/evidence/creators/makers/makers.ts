import { type Creator, type Made, rankMade } from '../../../core/creators.ts';
import { isPlumbing } from '../../../core/plumbing.ts';
import { RUNTIMES } from '../../../core/runtimes.ts';
import type { Frame } from '../../../core/stack.ts';
import { formatCount } from '../../../core/units.ts';
import { readShort } from '../../../procfs/read.ts';
import type { KernelRoot } from '../../../procfs/root.ts';
import { isCrowded } from '../../memoryLock.ts';
import { GENERATED_CODE } from '../../native/frameNames.ts';
import type { ExecRecord, TaskRecord } from '../trace/record.ts';
import type { MakerFrames } from './frameReader.ts';
import { FRAME_READERS } from './frameReaders.ts';
import type { MakerStack, MakerSystem } from './maker.ts';
import { MakerPool } from './makerPool.ts';
import { baseName, ProcessBook } from './processBook.ts';
import { type Census, type Site, SiteLedger } from './siteLedger.ts';

/** So many forks in one reading are a storm: 10 ms of 1,600 a second. */
const MOST_FORKS = 16;
/** So long an interpreter may take until it has begun. */
const YOUNG_MS = 500;

export type MakerRecord = TaskRecord | ExecRecord;

/** A file of a target that is honest is opened in some milliseconds; a hostile one must not hold the guard. */
const READING_MS = 250;
/** So long a record waits for its maker, if that lives and cannot be read. */
const MOST_WAIT_MS = 200;
/** Names are looked up when somebody asks for them: the symbols of a large program take that long. */
const NAMING_MS = 500;

/** Who made the tasks of a target, from the records of the kernel: each is looked at while its maker lives. */
export class Makers {
  readonly #root: KernelRoot;
  readonly #now: () => number;
  readonly #pool: MakerPool;
  readonly #book: ProcessBook;
  readonly #ledger = new SiteLedger();
  /** Interpreters that have only just begun, and until when they are waited for. */
  readonly #young = new Map<number, number>();
  #census: Census | undefined;
  #isCalm = true;
  #told = 0;
  #records = 0;
  #seen = 0;

  constructor(system: MakerSystem) {
    const { now, root } = system;
    this.#root = root;
    this.#now = now;
    this.#pool = new MakerPool(system);
    this.#book = new ProcessBook(root);
  }

  /** Takes records in the order of time, until a time by the clock. Returns those that were left for the next time. */
  take(records: readonly MakerRecord[], endMs: number): readonly MakerRecord[] {
    this.#pool.within(READING_MS);
    this.#isCalm = isCalm(this.#root, records);
    const execs = lastExecs(records);
    const waiting: MakerRecord[] = [];
    for (const [index, record] of records.entries()) {
      if (record.kind === 'exec') {
        this.#begins(record);
        continue;
      }
      if (this.#now() >= endMs) return [...waiting, ...records.slice(index)];
      const runsAnother = (execs.get(record.pid) ?? -1) > index;
      if (!runsAnother && this.#mayBeReadSoon(record)) waiting.push(record);
      else this.#take(record, runsAnother);
    }
    if (this.#isCalm) this.#prepare();
    return waiting;
  }

  /** An interpreter begins, and is to be known before it makes something: it is worth to look again soon. */
  get isExpecting(): boolean {
    return this.#young.size > 0;
  }

  /** There are too many to look at: they are counted. */
  leave(records: readonly MakerRecord[]): void {
    for (const record of records) {
      if (record.kind === 'exec') this.#begins(record);
      else this.#seen += record.weight;
    }
  }

  /** Creations that were recorded, by their weights, and those of which the place is known. */
  get counts(): { readonly seen: number; readonly told: number } {
    return { seen: this.#seen, told: this.#told };
  }

  /**
   * The makers. `alive` are the tasks that live: whoever
   * has the most of them comes first, because a server that starts and ends a thread for each request leaks none. Left out, for a
   * target that has ended, they are those that lived when they were last given, and what was made since.
   */
  creators(alive?: ReadonlySet<number>): Creator[] {
    this.#pool.within(NAMING_MS);
    if (alive !== undefined) this.#census = { atMs: this.#now(), alive };
    const living = this.#census === undefined ? undefined : this.#ledger.living(this.#census);
    return rankMade(
      this.#ledger.sites.map((site) => this.#madeBy(site, living?.get(site) ?? 0)),
      this.#source(),
    );
  }

  close(): void {
    this.#pool.close();
  }

  /** How it is known: each of them was recorded, or one of so many stands for the others. */
  #source(): string {
    if (this.#records < this.#told)
      return `the kernel recorded ${formatCount(this.#records)} of about ${formatCount(this.#seen)}`;
    if (this.#told < this.#seen) return `the kernel recorded ${formatCount(this.#told)} of ${formatCount(this.#seen)}`;
    return `the kernel recorded all ${formatCount(this.#seen)}`;
  }

  #madeBy(site: Site, living: number): Made {
    const { count, makes, perSecond, pid, runs } = site;
    const { command } = this.#book.of(pid);
    return {
      ...this.#framesOf(site),
      ...{ makes, count, living, perSecond, runs },
      ...(command === undefined ? {} : { command }),
    };
  }

  /**
   * Where an interpreter shows nothing but itself, or code that it made, its script says more; then the command lines of those that
   * made it. Others that show only themselves made threads of their own: collectors, compilers, pools.
   */
  #framesOf({ pid, stack }: Site): MakerFrames {
    const found = stack.frames();
    const { frames, runtime } = found;
    const { isInterpreter, isManaged, label } = RUNTIMES[stack.runsAs];
    const isGenerated = ({ function: name }: Frame): boolean => name === GENERATED_CODE;
    if (frames.some((frame) => !isPlumbing(frame, runtime) && !isGenerated(frame))) return found;
    if (isInterpreter === true || frames.some(isGenerated))
      return { runtime, frames: this.#book.chain(pid), certainty: 'script' };
    return isManaged === true ? { ...found, frames: [{ function: `${label} itself` }] } : found;
  }

  /** Its maker lives and cannot be read now: in a crowd, while somebody may hold the lock of its memory. */
  #mayBeReadSoon(record: TaskRecord): boolean {
    if (record.registers === undefined || this.#now() - record.atMs >= MOST_WAIT_MS) return false;
    if (!this.#mayRead(record)) return this.#pool.ifOpen(record)?.remembered(record) === undefined;
    return this.#pool.of(record) === undefined && readShort(this.#root.proc(record.pid, 'comm')) !== undefined;
  }

  /**
   * fork(2) holds the lock of the memory while it copies it, and in a crowd whoever was preempted with it comes back late: beside a
   * bomb of forks the guard stood in such a read for 12 s. Threads hold it for moments only.
   */
  #mayRead({ isThread }: TaskRecord): boolean {
    return isThread || this.#isCalm;
  }

  #take(record: TaskRecord, runsAnother: boolean): void {
    this.#seen += record.weight;
    this.#book.made(record, this.#mayRead(record));
    // The number of one that had ended may have come again.
    if (!record.isThread) this.#pool.forget(record.task);
    const stack = this.#stackOf(record, runsAnother) ?? this.#unknown(record);
    if (!this.#ledger.add(stack, record)) return;
    this.#told += record.weight;
    this.#records += 1;
  }

  #stackOf(record: TaskRecord, runsAnother: boolean): MakerStack | undefined {
    if (!this.#mayRead(record)) return this.#pool.ifOpen(record)?.remembered(record);
    try {
      const maker = runsAnother ? this.#pool.ifOpen(record) : this.#pool.of(record);
      return maker?.stackOf(record);
    } catch {
      // A reader that meets what it did not expect costs this record its place, and never the guard: this runs in a timer.
      return undefined;
    }
  }

  /** Its maker had ended before it could be read: its command line is known, or that of who made it. */
  #unknown({ pid }: TaskRecord): MakerStack {
    const frames = this.#book.chain(pid);
    return {
      key: frames.map((frame) => frame.function).join(';'),
      runsAs: 'native',
      frames: () => ({ runtime: 'native', frames, certainty: 'chain' }),
    };
  }

  /** A process runs another program from now on. */
  #begins(record: ExecRecord): void {
    this.#pool.forget(record.pid);
    this.#book.begins(record, this.#isCalm);
    this.#ledger.runs(record.pid, baseName(record.program));
    if (isEarly(baseName(record.program))) this.#young.set(record.pid, this.#now() + YOUNG_MS);
  }

  #isReady(pid: number): boolean {
    try {
      return this.#pool.of({ pid })?.prepare() === true;
    } catch {
      return true;
    }
  }

  /** Some interpreters must be known before they make something; they need a moment to begin. */
  #prepare(): void {
    for (const [pid, untilMs] of this.#young) {
      if (this.#now() > untilMs || this.#isReady(pid)) this.#young.delete(pid);
    }
  }
}

/** Few forks, and no more that want to run than the processors can serve. */
function isCalm(root: KernelRoot, records: readonly MakerRecord[]): boolean {
  const forks = records.reduce((sum, one) => sum + (one.kind === 'task' && !one.isThread ? 1 : 0), 0);
  return forks <= MOST_FORKS && (forks === 0 || !isCrowded(root));
}

/** Whether a program is an interpreter whose reader is opened early. */
function isEarly(program: string): boolean {
  return Object.values(FRAME_READERS).some(
    ({ isEarly: early, runtime }) => early === true && RUNTIMES[runtime].executable?.test(program) === true,
  );
}

/** Where in a batch each process last began a program: what it made before that can be read no more. */
function lastExecs(records: readonly MakerRecord[]): ReadonlyMap<number, number> {
  return new Map(records.flatMap(({ kind, pid }, index) => (kind === 'exec' ? [[pid, index] as const] : [])));
}
