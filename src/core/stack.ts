import type { StackSource } from './runtimes.ts';

/** One function on a stack. */
export interface Frame {
  readonly function: string;
  readonly file?: string;
  readonly line?: number;
  /** The executable or library that it is in. */
  readonly module?: string;
}

/** What a thread waits for. `unknown` if neither its system call nor its wait channel can be read. */
export type WaitKind =
  | 'running'
  | 'lock'
  | 'queue'
  | 'sleep'
  | 'signal'
  | 'read'
  | 'poll'
  | 'child'
  | 'io'
  | 'clone'
  | 'stopped'
  | 'dead'
  | 'unknown';

/** One task with its stack. Equal stacks share one array of frames, so that groups can be made by identity. */
export interface TaskStack {
  readonly pid: number;
  readonly tid: number;
  /** Its name as the kernel has it: 15 bytes at most. */
  readonly name: string;
  /** What its runtime calls it, if that was read. */
  readonly label?: string;
  readonly wait: WaitKind;
  readonly runtime: StackSource;
  /** The leaf first. Empty if nothing could be read. */
  readonly frames: readonly Frame[];
  /** False if the stack could not be followed to its bottom. */
  readonly isWhole: boolean;
  /** Clock ticks (1/100 s) that it has spent on a processor. */
  readonly cpuTicks: number;
  /** Clock ticks since the machine started (`/proc/PID/stat`, field 22). */
  readonly startTime: number;
}
