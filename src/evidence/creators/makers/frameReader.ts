import type { Certainty } from '../../../core/creators.ts';
import type { StackSource } from '../../../core/runtimes.ts';
import type { Frame } from '../../../core/stack.ts';
import type { KernelRoot } from '../../../procfs/root.ts';
import type { NativeProcess } from '../../native/nativeProcess.ts';
import type { CreationNotes } from '../../python/creations/creationNotes.ts';
import type { TaskRecord } from '../trace/record.ts';
import type { Step } from './makerStack.ts';

/** A process that makes tasks, opened once for all readers. */
export interface MakerProcess {
  readonly root: KernelRoot;
  readonly pid: number;
  /** What runs in it, by its files. */
  readonly runtimes: readonly StackSource[];
  readonly native: NativeProcess;
  /** What the kernel can note at each creation; absent where no program may be loaded into it. */
  readonly notes?: CreationNotes;
}

/** The stack of a maker at the moment of the creation. */
export interface Caught {
  readonly record: TaskRecord;
  /** Its native frames, the innermost first. In generated code without rules they follow frame pointers. */
  readonly steps: readonly Step[];
  /** Eight bytes: of the copy of the stack, which is from that very moment, else of the memory as it is now. */
  readWord(address: number): number | undefined;
}

/** The source of a maker, as far as it is known. */
export interface MakerFrames {
  readonly runtime: StackSource;
  /** The innermost first, those of the runtime's own library included. */
  readonly frames: readonly Frame[];
  readonly certainty: Certainty;
}

/**
 * Reads source frames out of one process. What it reads is some milliseconds late, and the process is hostile: whatever does
 * not look as it should gives `undefined`, never a guess. It remembers what it learns; nothing of it waits or throws.
 */
export interface FrameReader {
  framesOf(caught: Caught): MakerFrames | undefined;
  /** Gets ready before the first record: true when it is. Absent if it needs no time for that. */
  prepare?(): boolean;
  close?(): void;
}

/** One runtime. */
export interface FrameReaderKind {
  /** The row of `RUNTIMES` that it belongs to. */
  readonly runtime: StackSource;
  /** It reads frames only of what is made after it was opened: a process is opened when it begins, not when it makes something. */
  readonly isEarly?: true;
  /** `undefined` if the process is of no version that is known. */
  open(process: MakerProcess): FrameReader | undefined;
}
