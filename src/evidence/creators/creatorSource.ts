import type { CreationSample, Creator } from '../../core/creators.ts';
import type { TaskStack } from '../../core/stack.ts';
import type { Pause } from '../pauseTarget.ts';

/** How the code that makes the threads of one process is found. */
export interface CreatorSource {
  /** Exact: every thread, or every start, says who made it. Empty if they do not. The process is not stopped for it. */
  readonly count?: (search: CreatorSearch) => readonly Creator[];
  /** Stacks that were caught in the act, one after another, until the time is up. */
  readonly sample?: (search: CreatorSearch) => Sampled;
}

export interface CreatorSearch {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly wait: (ms: number) => void;
  /** The time, by `now`, when it must be done. */
  readonly endMs: number;
  /** How long the process may stand still in all; 0 if it must not be stopped. */
  readonly stopMs: number;
  readonly pause: Pause;
  /** Its stacks, as they were dumped. */
  readonly stacks: readonly TaskStack[];
}

/** Stacks of threads at work, and what it cost the process to get them. */
export interface Sampled {
  readonly samples: readonly CreationSample[];
  /** How often it was stopped, for how long in all, and the longest of these stops. */
  readonly stops: number;
  readonly stoppedMs: number;
  readonly longestStopMs: number;
}

export const NOT_SAMPLED: Sampled = { samples: [], stops: 0, stoppedMs: 0, longestStopMs: 0 };
