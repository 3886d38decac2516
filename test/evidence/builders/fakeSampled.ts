import type { Frame } from '../../../src/core/stack.ts';
import type { CreatorSearch } from '../../../src/evidence/creators/creatorSource.ts';
import type { SampledProcess } from '../../../src/evidence/creators/sampledProcess.ts';
import { FakeClock } from './fakeClock.ts';

/** A thread of a process that is made up. */
export interface FakeWorker {
  readonly tid: number;
  /** Share of the time that it is on a processor. */
  readonly busy?: number;
  /** What it has used before. */
  readonly ranMs?: number;
  /** Its stack, at the n-th look at it. */
  readonly stack?: (look: number) => readonly Frame[] | 'running' | undefined;
}

const NS = 1e6;

/** A process whose threads use the processor as the clock goes, with all that is done to it. */
export class FakeSampled implements SampledProcess {
  readonly clock: FakeClock;
  readonly #workers: readonly FakeWorker[];
  readonly #looks = new Map<number, number>();
  readonly #startMs: number;
  isStopped = false;
  isClosed = false;
  stops = 0;
  /** Threads whose stacks were read. */
  readonly looked: Set<number> = new Set();
  /** How long a look at one stack takes. */
  lookMs = 0.1;
  /** How long it takes until a stop has begun. */
  stopMs = 0;

  constructor(workers: readonly FakeWorker[], clock: FakeClock = new FakeClock()) {
    this.clock = clock;
    this.#workers = workers;
    this.#startMs = clock.nowMs;
  }

  threads(): readonly number[] {
    return this.#workers.map(({ tid }) => tid);
  }

  ranNs(tid: number): number {
    const { busy = 0, ranMs = 0 } = this.#workers.find((one) => one.tid === tid) ?? {};
    return (ranMs + busy * (this.clock.nowMs - this.#startMs)) * NS;
  }

  stackOf(tid: number): readonly Frame[] | 'running' | undefined {
    this.clock.pass(this.lookMs);
    const look = this.#looks.get(tid) ?? 0;
    this.#looks.set(tid, look + 1);
    this.looked.add(tid);
    return this.#workers.find((one) => one.tid === tid)?.stack?.(look);
  }

  close(): void {
    this.isClosed = true;
  }

  /** A search in it that may last so long, and stop it for so long. */
  search(timeoutMs: number, stopMs: number = timeoutMs): CreatorSearch {
    return {
      now: this.clock.now,
      wait: this.clock.wait,
      endMs: this.clock.nowMs + timeoutMs,
      stopMs,
      stacks: [],
      pause: () => {
        this.clock.pass(this.stopMs);
        this.isStopped = true;
        this.stops += 1;
        return () => {
          this.isStopped = false;
        };
      },
    };
  }
}

const native = (...names: readonly string[]): Frame[] => names.map((name) => ({ function: name, module: 'app' }));

/** Native stacks: one that makes a thread, one that waits. */
export const MAKING: readonly Frame[] = native('clone3', 'pthread_create', 'spawn', 'main', '_start');
export const WAITING: readonly Frame[] = native('read', 'park', 'start_thread', 'clone3');

/** The same of CPython. */
export const PYTHON_MAKING: readonly Frame[] = [
  { function: 'Thread.start', file: '/usr/lib/python3.11/threading.py', line: 957 },
  { function: 'spawn', file: '/app/server.py', line: 26 },
];
export const PYTHON_SLEEPING: readonly Frame[] = [{ function: 'spawn', file: '/app/server.py', line: 28 }];
