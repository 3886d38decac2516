import type { Creator } from '../../core/creators.ts';
import type { MakerRecord, Makers } from './makers/makers.ts';
import { RecordBudget } from './recordBudget.ts';
import type { CreationTrace } from './trace/creationTrace.ts';

/** While tasks are being made the rings are read so often: what a record points to in its maker may change at any time. */
const BUSY_MS = 10;
/** After so many readings that found nothing the kernel is asked for a signal instead, and a quiet target costs nothing. */
const QUIET_READS = 20;
/** Most time for the records of one reading. What is left over is for the next one. */
const READ_MS = 8;
/** When somebody waits for the answer, or the target has ended, everything that is there is looked at. */
const LAST_READ_MS = 200;
/** Records that wait; each has a stack of up to 8 KiB. More are counted only. */
const MOST_WAITING = 2_000;

export interface WatchParts {
  readonly trace: Pick<CreationTrace, 'drain' | 'made' | 'setPeriod' | 'setSignal' | 'close' | 'period'>;
  readonly makers: Pick<Makers, 'take' | 'leave' | 'creators' | 'counts' | 'close'>;
  /** Monotonic milliseconds, the clock of the records. */
  readonly now: () => number;
  /** Calls back after so many milliseconds; returns what cancels it. */
  readonly later: (ms: number, callback: () => void) => () => void;
  /** Calls back whenever the kernel may have recorded something; returns what ends that. */
  readonly onSignal: (callback: () => void) => () => void;
  /** The guard: what it makes is not the target's. */
  readonly guard: number;
  /** Whether only the target is recorded, or every process of the host. */
  readonly isOfTarget: boolean;
}

/** Follows who makes the tasks of a target, from its first instruction on. Nothing of it is stopped. */
export class CreationWatch {
  readonly #parts: WatchParts;
  readonly #budget = new RecordBudget();
  /** Processes of the target, where others are recorded too. */
  readonly #known = new Set<number>();
  #waiting: readonly MakerRecord[] = [];
  #quiet = 0;
  #endSignals: (() => void) | undefined;
  #cancel: (() => void) | undefined;
  #made = 0;
  /** Tasks that the guard made inside of the cgroup of the target: the command itself. */
  #byGuard = 0;
  #isClosed = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#endSignals = parts.onSignal(() => this.#wake());
    parts.trace.setSignal(true);
  }

  /** A process whose tasks count, and all that come from it. */
  follow(pid: number): void {
    this.#known.add(pid);
  }

  /** Takes in what was recorded until now. */
  #read(mostMs: number): void {
    const { makers, now, trace } = this.#parts;
    const { period } = trace;
    const { records } = trace.drain();
    this.#quiet = records.length === 0 ? this.#quiet + 1 : 0;
    trace.setPeriod(this.#budget.spend(records.length, period, now()));
    const own = [...this.#waiting, ...records.filter((record) => this.#isOwn(record))];
    const left = own.length === 0 ? own : makers.take(own, now() + mostMs);
    this.#waiting = left.slice(0, MOST_WAITING);
    if (left.length > MOST_WAITING) makers.leave(left.slice(MOST_WAITING));
    if (left.length > 0) this.#quiet = 0;
  }

  /**
   * Who made the tasks, the one with the most that live first. `tasks` are those of the target that live; they are left out when it
   * has ended.
   */
  creators(tasks?: readonly number[]): Creator[] {
    if (!this.#isClosed) this.#read(LAST_READ_MS);
    return this.#parts.makers.creators(this.#madeNow(), tasks === undefined ? undefined : new Set(tasks));
  }

  /** The target has ended: nothing more will be recorded. What is known stays. */
  end(): void {
    if (this.#isClosed) return;
    this.#read(LAST_READ_MS);
    this.#parts.makers.leave(this.#waiting);
    this.#waiting = [];
    this.#made = this.#madeNow();
    this.#isClosed = true;
    this.#endSignals?.();
    this.#cancel?.();
    this.#parts.trace.close();
  }

  close(): void {
    this.end();
    this.#parts.makers.close();
  }

  /** Tasks that the target made: by the kernel's count where it counts the target alone. */
  #madeNow(): number {
    const { isOfTarget, makers, trace } = this.#parts;
    if (!isOfTarget) return makers.counts.seen;
    return this.#isClosed ? this.#made : trace.made() - this.#byGuard;
  }

  /** Something was recorded after a time of quiet: from now on the rings are read by the clock. */
  #wake(): void {
    if (this.#isClosed || this.#cancel !== undefined) return;
    this.#parts.trace.setSignal(false);
    this.#quiet = 0;
    this.#next();
  }

  #next(): void {
    this.#read(READ_MS);
    this.#cancel = undefined;
    if (this.#quiet < QUIET_READS) this.#cancel = this.#parts.later(BUSY_MS, () => this.#next());
    else {
      this.#parts.trace.setSignal(true);
      // What came between the last reading and the signal has no signal of its own.
      this.#read(READ_MS);
    }
  }

  #isOwn(record: MakerRecord): boolean {
    if (record.pid === this.#parts.guard) {
      // The command itself; a helper of the guard makes nothing.
      if (record.kind === 'task') {
        this.#byGuard += record.weight;
        this.#known.add(record.task);
      }
      return false;
    }
    if (this.#parts.isOfTarget) return true;
    const isKnown = this.#known.has(record.pid);
    // The number of a process that has ended may come again.
    if (record.kind === 'task' && !record.isThread) {
      if (isKnown) this.#known.add(record.task);
      else this.#known.delete(record.task);
    }
    return isKnown;
  }
}
