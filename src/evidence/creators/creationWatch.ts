import type { Creator } from '../../core/creators.ts';
import type { MakerRecord, Makers } from './makers/makers.ts';
import { RecordBudget } from './recordBudget.ts';
import type { CreationTrace } from './trace/creationTrace.ts';

/** While tasks are being made the rings are read so often: what a record points to in its maker may change at any time. */
const BUSY_MS = 10;
/** And so often while an interpreter begins: CPython makes its first thread 15 ms after that. */
const SOON_MS = 2;
/** And so often while only some of them are recorded: those that come and go so fast are gone in any case. */
const SAMPLED_MS = 50;
/** After so many readings that found nothing the kernel is asked for a signal instead, and a quiet target costs nothing. */
const QUIET_READS = 50;
/** The target is asked for its processes at most so often. */
const ASK_MS = 100;
/** So often where the kernel gives no signal. */
const SELDOM_MS = 250;
/** Most time for the records of one reading. What is left over is for the next one. */
const READ_MS = 8;
/** When somebody waits for the answer, or the target has ended, everything that is there is looked at. */
const LAST_READ_MS = 200;
/** Records that wait; each has a stack of up to 8 KiB. More are counted only. */
const MOST_WAITING = 2_000;

export interface WatchParts {
  readonly trace: Pick<CreationTrace, 'drain' | 'setPeriod' | 'signalOnce' | 'close' | 'period'>;
  readonly makers: Pick<Makers, 'take' | 'leave' | 'creators' | 'close' | 'isExpecting'>;
  /** Monotonic milliseconds, the clock of the records. */
  readonly now: () => number;
  /** Calls back after so many milliseconds; returns what cancels it. */
  readonly later: (ms: number, callback: () => void) => () => void;
  /** Calls back whenever the kernel may have recorded something; returns what ends that. */
  readonly onSignal: (callback: () => void) => () => void;
  /** The guard: what it makes is not the target's, but for the command itself. */
  readonly guard: number;
  readonly target: WatchedTarget;
}

/** Every process of the host is recorded; these are the target's. */
export interface WatchedTarget {
  /** Its processes now, as far as they can be told. */
  processes(): readonly number[];
  /** How many tasks it holds now. */
  tasks(): number;
}

/** Follows who makes the tasks of a target, from its first instruction on. Nothing of it is stopped. */
export class CreationWatch {
  readonly #parts: WatchParts;
  readonly #budget = new RecordBudget();
  /** Processes of the target. */
  readonly #known = new Set<number>();
  /** Forks have been missed: some processes are the target's that no record has told of. */
  #hasMissed = false;
  #askedMs = Number.NEGATIVE_INFINITY;
  #waiting: readonly MakerRecord[] = [];
  #quiet = 0;
  #endSignals: (() => void) | undefined;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#endSignals = parts.onSignal(() => this.#wake());
    this.#rest();
  }

  /** A process whose tasks count, and all that come from it. */
  follow(pid: number): void {
    this.#known.add(pid);
  }

  /** Takes in what was recorded until now. */
  #read(mostMs: number): void {
    const { makers, now, target, trace } = this.#parts;
    const { period } = trace;
    const { lost, records, release } = trace.drain();
    this.#hasMissed ||= lost > 0 || period > 1;
    this.#quiet = records.length === 0 ? this.#quiet + 1 : 0;
    if (records.length > 0 || period > 1) {
      const tasks = unlessUnread(() => target.tasks(), 0);
      trace.setPeriod(this.#budget.spend(records.length, { period, nowMs: now(), tasks }));
    }
    const own = [...this.#waiting, ...records.filter((record) => this.#isOwn(record))];
    const left = makers.take(own, now() + mostMs);
    this.#waiting = left.slice(0, MOST_WAITING).map(detached);
    if (left.length > MOST_WAITING) makers.leave(left.slice(MOST_WAITING));
    release();
    if (left.length > 0) this.#quiet = 0;
  }

  /**
   * Who made the tasks, the one with the most that live first. `tasks` are those of the target that live; they are left out when it
   * has ended.
   */
  creators(tasks?: readonly number[]): Creator[] {
    if (!this.#isClosed) this.#read(LAST_READ_MS);
    return this.#parts.makers.creators(tasks === undefined ? undefined : new Set(tasks));
  }

  /** The target has ended: nothing more will be recorded. What is known stays. */
  end(): void {
    if (this.#isClosed) return;
    this.#read(LAST_READ_MS);
    this.#parts.makers.leave(this.#waiting);
    this.#waiting = [];
    this.#isClosed = true;
    this.#endSignals?.();
    this.#cancel?.();
    this.#parts.trace.close();
  }

  close(): void {
    this.end();
    this.#parts.makers.close();
  }

  /** Something was recorded after a time of quiet: from now on the rings are read by the clock. */
  #wake(): void {
    if (this.#isClosed || this.#cancel !== undefined) return;
    this.#quiet = 0;
    this.#next();
  }

  #next(): void {
    this.#read(READ_MS);
    this.#cancel = undefined;
    const { makers, trace } = this.#parts;
    const ms = makers.isExpecting ? SOON_MS : trace.period > 1 ? SAMPLED_MS : BUSY_MS;
    if (this.#quiet < QUIET_READS) this.#cancel = this.#parts.later(ms, () => this.#next());
    else this.#rest();
  }

  /** Nothing is read until the kernel says that a task was made. */
  #rest(): void {
    // Without that signal it is looked from time to time.
    if (!this.#parts.trace.signalOnce()) this.#cancel = this.#parts.later(SELDOM_MS, () => this.#next());
    // What came between the last reading and the question has no signal of its own.
    this.#read(READ_MS);
    if (this.#waiting.length > 0) this.#cancel ??= this.#parts.later(BUSY_MS, () => this.#next());
  }

  #isOwn(record: MakerRecord): boolean {
    const isGuard = record.pid === this.#parts.guard;
    const isOwn = !isGuard && (this.#known.has(record.pid) || this.#isMissed(record.pid));
    if (record.kind === 'task' && !record.isThread) {
      // A helper of the guard makes nothing. The number of a process that has ended may come again.
      if (isOwn || isGuard) this.#known.add(record.task);
      else this.#known.delete(record.task);
    }
    return isOwn;
  }

  /** Where forks were missed the target is asked for its processes, now and then. */
  #isMissed(pid: number): boolean {
    const nowMs = this.#parts.now();
    if (!this.#hasMissed || nowMs - this.#askedMs < ASK_MS) return false;
    this.#askedMs = nowMs;
    for (const one of unlessUnread(() => this.#parts.target.processes(), [])) this.#known.add(one);
    return this.#known.has(pid);
  }
}

/** What cannot be read just now, for want of descriptors for example. The loop of the guard says so; here it must end nothing. */
function unlessUnread<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** With a stack of its own, for one that outlives the reading. */
function detached(record: MakerRecord): MakerRecord {
  return record.kind === 'exec' ? record : { ...record, stack: Buffer.from(record.stack) };
}
