import type { Creator } from '../../core/creators.ts';
import type { StackSource } from '../../core/runtimes.ts';
import type { TaskStack } from '../../core/stack.ts';
import type { Machine } from '../../procfs/machine.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import type { Libc } from '../../sys/libc.ts';
import type { CreatorSource } from '../creators/creatorSource.ts';
import type { ThreadStartRecording } from '../jfr/threadStartRecording.ts';
import type { NativeProcess } from '../native/nativeProcess.ts';
import type { KernelThread } from '../process/kernelThread.ts';

/**
 * One way to learn where the threads of a process are. What it tells is believed as far as it goes: a dumper that fails
 * is reported by name, and the others go on.
 *
 * What is fixed for a runtime stands in its row of `core/runtimes.ts`: its plumbing, and the functions that make threads.
 */
export interface Dumper {
  /** For people: `the JVM's attach listener`. */
  readonly name: string;
  /** The row of `RUNTIMES` that it belongs to. */
  readonly runtime: StackSource;
  /** Whether it has anything to say about a process. Cheap: nothing is asked of the process. False for one that is gone. */
  matches(process: OpenProcess, reading: Reading): boolean;
  /** Reads, or asks, and returns at `reading.endMs` at the latest. Whatever the process does meanwhile is no error. */
  dump(process: OpenProcess, reading: Reading): Told;
  /** What the process leaves behind when it has ended. */
  lastWords?(left: LeftBehind): LastWords;
}

/** A process that is being read. It is opened once, for all dumpers. */
export interface OpenProcess {
  readonly root: KernelRoot;
  readonly pid: number;
  readonly tids: readonly number[];
  /** What runs in it, by its files. */
  readonly runtimes: readonly StackSource[];
  /** What code it is made of. */
  readonly machine: Machine;
  /** Its memory and its code; `undefined` if they may not be read, or it is gone. */
  readonly native: NativeProcess | undefined;
}

/** What a dumper may use. */
export interface Reading {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Waits here: no event loop turns in between. */
  readonly wait: (ms: number) => void;
  /** The time, by `now`, when it must be done. */
  readonly endMs: number;
  readonly libc: Libc | undefined;
  /** Given if the process may be sent a signal that makes it say more. A plain dump changes nothing. */
  readonly signals: Signals | undefined;
  /** Given if a JVM was told to record its thread starts. */
  readonly recording: ThreadStartRecording | undefined;
}

export interface Signals {
  /** As process.kill: throws if the process is gone or belongs to somebody else. */
  readonly send: (pid: number, signal: NodeJS.Signals) => void;
  /** The file where the standard output of a JVM ends, if that is no file itself. */
  readonly jvmOutput: string | undefined;
}

/** What a dumper found out about one process. */
export interface Told {
  /** The runtime that it recognised, with its version if it has one: `CPython 3.11`. */
  readonly runtime?: string;
  /** The stack of one thread, `undefined` if it knows none. Absent if it knows no stacks at all. */
  readonly stackOf?: (thread: KernelThread) => ToldStack | undefined;
  /** Why it knows no stacks, without a subject: `no attach listener runs in it`. */
  readonly why?: string;
  /** Sentences for people. */
  readonly notes?: readonly string[];
  /** What the runtime printed itself. */
  readonly files?: readonly RawFile[];
  /** Where to look for the code that makes the threads. */
  readonly creators?: CreatorSource;
}

/** A stack, and what the runtime knows better than the kernel. */
export type ToldStack = Pick<TaskStack, 'runtime' | 'frames' | 'isWhole'> & Partial<Pick<TaskStack, 'label' | 'wait'>>;

export interface RawFile {
  readonly name: string;
  readonly text: string;
}

/** What there is when a target has ended. */
export interface LeftBehind {
  /** The end of its standard error; empty if it was not captured. */
  readonly said: string;
  readonly recording: ThreadStartRecording | undefined;
}

export interface LastWords {
  readonly creators: readonly Creator[];
  readonly files: readonly RawFile[];
}
