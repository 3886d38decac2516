/**
 * The words everything else is written in. Pure types: no I/O, no clock.
 *
 * Unknown is `'unknown'` and no limit is `'unlimited'`; neither is ever a number, so that no
 * arithmetic can take one for the other, and unknown is never treated as safe.
 */
export type Limit = number | 'unlimited' | 'unknown';

/** Whom a ceiling counts together. */
export type Scope = 'host' | 'pid-namespace' | 'user' | 'cgroup' | 'process';

/** What a ceiling counts. */
export type Unit = 'tasks' | 'maps' | 'bytes';

/** `throttles` never stops a target, so it never binds. */
export type Effect = 'refuses' | 'kills' | 'throttles';

/**
 * What runs out at a ceiling. Which call is refused, and with which errno, depends on it: clone gives EAGAIN for tasks
 * and ENOMEM for memory, mmap and mprotect give ENOMEM for maps and address space.
 */
export type CeilingClass = 'tasks' | 'maps' | 'memory' | 'address space';

export type Confidence = 'exact' | 'estimated' | 'unknown';

/** What somebody may want one more of. */
export type Kind = 'threads' | 'processes' | 'maps';

/** A kernel limit on tasks, maps or the memory behind them, as it stood at one look. */
export interface Ceiling {
  /** The kernel's own name: `kernel.pid_max`, `pids.max`, `RLIMIT_NPROC`, … */
  readonly name: string;
  readonly class: CeilingClass;
  /** Its place in the order of the kernel's checks: of two that are full, the kernel meets the lower one first. */
  readonly order: number;
  readonly scope: Scope;
  /** Which object it sits on, where there can be several: a cgroup path, `uid 1000`, `pid 42`. */
  readonly path?: string;
  readonly unit: Unit;
  readonly used: number | 'unknown';
  readonly limit: Limit;
  readonly remaining: Limit;
  /** `remaining` divided by the cost of one more thread in this ceiling's unit, rounded down. */
  readonly additionalThreads: Limit;
  /** The same for one more process (fork), and for one more memory map (mmap): they have other costs. */
  readonly additionalProcesses: Limit;
  readonly additionalMaps: Limit;
  /** True where the kernel does not apply it to this target (RLIMIT_NPROC and uid 0). */
  readonly exempt: boolean;
  /** What the kernel does at the limit: answers with an errno, ends somebody, or only slows down. */
  readonly effect: Effect;
  /** How far `additionalThreads` can be trusted; `'unknown'` where it is not a number. */
  readonly confidence: Confidence;
  /** Why it is unknown or only estimated, and which right would settle it. */
  readonly note?: string;
  /** The file or call the numbers came from. */
  readonly source: string;
  /** What an operator does to raise it. */
  readonly raise: string;
}

/** One look at the target. Counts are whole-tree. */
export interface Sample {
  /** Milliseconds on a monotonic clock. */
  readonly timeMs: number;
  /** Threads and processes of the target; zombies not yet reaped are counted, as the kernel does. */
  readonly tasks: number;
  /** Maps of the process that holds the most, as last counted; `undefined` before the first count. */
  readonly maps: number | undefined;
  /** Task creations the kernel has refused since the start; `undefined` where it does not count them. */
  readonly refused: number | undefined;
}

/** The steps of the ladder, mildest first. */
export const STEPS = ['warn', 'clamp', 'dump', 'terminate', 'kill'] as const;
export type Step = (typeof STEPS)[number];

/** Whether a ladder that may go as far as `until` includes `step`. */
export function reaches(until: Step, step: Step): boolean {
  return STEPS.indexOf(until) >= STEPS.indexOf(step);
}

/** How a command ended: `code` of an exit, `signal` of a death; neither where it was somebody else's child. */
export type Ended =
  | { readonly by: 'exit'; readonly code: number }
  | { readonly by: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly by: 'gone' };
