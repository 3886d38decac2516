import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import type { Libc } from './libc.ts';

/** Real-time: ahead of every usual process. */
export type Scheduling = 'realtime' | 'default';

/** Makes a process of somebody else's: what it inherits of the guard is what the guard was started with. */
export type Fork = <T>(start: () => T) => T;

/** What the kernel keeps of this process; a test has its own. */
export interface OwnProcess {
  threads(): readonly number[];
  nice(): number;
  /** Throws where a lower value is refused. */
  setNice(nice: number): void;
  /** `/proc/self/oom_score_adj`. Throws where there is none. */
  oomScore(): number;
  /** Throws where a lower value is refused. */
  setOomScore(score: number): void;
}

const OOM_SCORE = '/proc/self/oom_score_adj';
const REAL: OwnProcess = {
  threads: () => readdirSync('/proc/self/task').map(Number),
  nice: () => getPriority(),
  setNice: (nice) => setPriority(nice),
  oomScore: () => Number(readFileSync(OOM_SCORE, 'latin1')),
  setOomScore: (score) => writeFileSync(OOM_SCORE, String(score)),
};

const SCHED_OTHER = 0;
const SCHED_FIFO = 1;
const SCHED_RR = 2;
const MOST_PRIORITY = 99;
const LOWER_NICE = -10;
/** Far below every usual value, and not -1000: a guard that leaks memory itself must not be the last one to be killed. */
const LOWER_OOM_SCORE = -900;

/** What of one value the guard changed: how to change it, and what it was before. */
interface Change {
  readonly apply: () => void;
  readonly takeBack: () => void;
}

/**
 * How the guard stands among the others: ahead of its target when processors are given out, and behind it when the OOM
 * killer chooses. A child inherits all of this (fork(2), sched(7), proc(5)), and whoever started the guard with `nice`,
 * `chrt` or `choom` meant the command, so it is taken back for as long as a fork takes.
 */
export class Standing {
  readonly #libc: Libc | undefined;
  readonly #own: OwnProcess;
  #changes: readonly Change[] | undefined;
  #scheduling: Scheduling = 'default';

  constructor(libc: Libc | undefined, own: OwnProcess = REAL) {
    this.#libc = libc;
    this.#own = own;
  }

  get scheduling(): Scheduling {
    return this.#scheduling;
  }

  /** Takes what the guard may have of it. What is refused (CAP_SYS_NICE, CAP_SYS_RESOURCE) stays as it was. */
  raise(): Scheduling {
    const realtime = this.#realtime();
    this.#scheduling = realtime === undefined ? 'default' : 'realtime';
    const { nice, oomScore, setNice, setOomScore } = this.#own;
    this.#changes = [
      realtime ?? lowered(nice, setNice, LOWER_NICE),
      lowered(oomScore, setOomScore, LOWER_OOM_SCORE),
    ].filter((change) => change !== undefined);
    return this.#scheduling;
  }

  /** Gives back what the main thread was given. */
  lower(): void {
    for (const { takeBack } of this.#changes ?? []) takeBack();
  }

  readonly asBefore: Fork = (start) => {
    this.lower();
    try {
      return start();
    } finally {
      for (const { apply } of this.#changes ?? []) apply();
    }
  };

  /**
   * Every thread must be real-time: with 1,500 spinning threads on 2 cores, SCHED_FIFO on the main thread alone still slept
   * up to 5 s, because V8's workers starved. A guard that is real-time already stays ahead of what it starts.
   */
  #realtime(): Change | undefined {
    const libc = this.#libc;
    const [main, ...others] = this.#own.threads();
    if (libc === undefined || main === undefined) return undefined;
    const before = libc.getScheduler(main) ?? { policy: SCHED_OTHER, priority: 0 };
    const isRealtime = before.policy === SCHED_FIFO || before.policy === SCHED_RR;
    const priority = isRealtime ? Math.min(MOST_PRIORITY, before.priority + 1) : 1;
    const raise = (tid: number): boolean => libc.setScheduler(tid, { policy: SCHED_FIFO, priority }, true);
    // Only the main thread forks, so only what it is has to be taken back.
    const takeBack = (): void => {
      // A right to real-time priority alone (RLIMIT_RTPRIO) cannot take back that it resets: sched(7).
      if (!libc.setScheduler(main, before, false)) libc.setScheduler(main, before, true);
    };
    if (!raise(main)) return undefined;
    if (others.every(raise)) return { apply: () => void raise(main), takeBack };
    takeBack();
    return undefined;
  }
}

/** A value that a process may make worse for itself at any time, and better only with a right to it. */
function lowered(get: () => number, set: (value: number) => void, lower: number): Change | undefined {
  try {
    const before = get();
    if (before <= lower) return undefined;
    set(lower);
    return {
      apply: () => quietly(() => set(lower)),
      takeBack: () => quietly(() => set(before)),
    };
  } catch {
    return undefined;
  }
}

/** The right to it may be lost meanwhile: that is no reason not to start the command. */
function quietly(step: () => void): void {
  try {
    step();
  } catch {}
}
