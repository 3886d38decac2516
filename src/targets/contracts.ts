import type { Pen } from '../cgroup/pen.ts';
import type { Escaped } from './escapes.ts';

/**
 * The four small contracts between the engine and what it guards. An implementation owns all I/O on its target; the engine
 * owns all decisions. One fake of each drives the whole engine in a test.
 */

/** The cap of the kernel on a target, in tasks; `max` is none. */
export type Cap = number | 'max';

/** Reads a target. Called at every look, so each call costs microseconds. */
export interface Meter {
  /** Tasks of the whole tree now, zombies not yet reaped included. Throws where it cannot be read. */
  tasks(nowMs: number): number;
  /** The same again in the same look, from what a short read tells: nothing is walked, stopped or judged for it. */
  recount(): number;
  /** The most tasks that there were: by the kernel, where it counts that and knows more than the looks, else by the looks. */
  peak(seen: number): number;
  /** Creations that the kernel refused since the start; `undefined` where it does not count them. */
  refused(): number | undefined;
  /** Processes of the tree, without the ones that are dead. */
  processes(): readonly number[];
  /**
   * Whether the last count found a storm: processes by the hundred that were not there at the one before, and, where
   * something holds them, pressed against the cap. False where refusals are counted.
   */
  isStorming(): boolean;
  /** Calls back soon after the kernel refused a task, where it notifies (v2). Returns what ends that. */
  onRefusal(callback: () => void): () => void;
}

/** Stops growth, and lets it go on. */
export interface Brake {
  /** True where the kernel refuses tasks above the cap. */
  readonly isHeld: boolean;
  /** Moves the cap; false when the kernel did not take it. Does nothing where nothing holds. */
  setCap(cap: Cap): boolean;
  /** The cap that the kernel shows; `undefined` where nothing is known of it. The target may have written another. */
  capNow(): Cap | undefined;
  /** Stops growth now: by the cap where one holds, by SIGSTOP to every process where none does. False when refused. */
  clamp(tasks: number): boolean;
  release(cap: Cap): void;
  /**
   * Stops all of it until `thaw`: what no cap holds. False where that cannot be had, or where nobody would undo it if the
   * guard died.
   */
  freeze(): boolean;
  thaw(): void;
  /**
   * Stops every process of the tree for a moment, to look at it; gives back what lets it go on. `undefined` where that
   * cannot be had in one act.
   */
  pause(until: 'whole' | 'begun'): (() => void) | undefined;
}

/** Ends a target, and sees that it has ended. */
export interface End {
  /** One signal to every process of the tree. */
  signal(signal: NodeJS.Signals): void;
  /** One round of SIGKILL for everything; the caller repeats it until `isEmpty`. */
  killRound(): void;
  /** Whether no process lives in it. Zombies do not count. */
  isEmpty(): boolean;
}

/** What happens around the fork of a child, or instead of it. */
export interface Birth {
  /** Sets the cap that the child is born under, and puts the forking thread into place. Throws a GuardError when refused. */
  beforeFork(cap: Cap): void;
  /** Takes the guard out again. Called at once after the fork, with the pid of the child when there is one. */
  afterFork(pid: number | undefined, cap: Cap): void;
  /** Takes a tree that runs already instead; its first process is given. */
  adopt(pid: number, cap: Cap): void;
}

/** What holds the target, in words; for the banner and `doctor`. */
export interface Hold {
  readonly kind: 'cgroup-v2' | 'cgroup-v1' | 'rlimit' | 'sampling';
  /** One line: `pids cgroup /sys/…`. */
  readonly description: string;
  /** What this kind cannot do, each a sentence. Empty for the strongest. */
  readonly cannot: readonly string[];
}

/** One thing that is guarded. */
export interface Target {
  readonly hold: Hold;
  readonly meter: Meter;
  readonly brake: Brake;
  readonly end: End;
  /** The pen that it stands in, with the targets of other guards; absent where there is none. */
  readonly pen?: Pen;
  /** Finds what has left the hold; absent where the target is known by descent anyway. */
  readonly escapes?: { look(nowMs: number): Escaped | undefined };
  /** Takes everything back that was made for it; false when something had to stay (tasks that live on). */
  remove(): boolean;
  /** Lets go of all that is open for it, and waits until no helper of it is left. */
  close(): Promise<void>;
}

/** A target that the guard starts, or takes over from its launcher. */
export interface ChildTarget extends Target {
  readonly birth: Birth;
}
