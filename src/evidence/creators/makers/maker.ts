import { isPlumbing } from '../../../core/plumbing.ts';
import type { StackSource } from '../../../core/runtimes.ts';
import type { Frame } from '../../../core/stack.ts';
import type { KernelRoot } from '../../../procfs/root.ts';
import { runtimesIn } from '../../../procfs/runtime.ts';
import { RA, RSP } from '../../elf/unwindRule.ts';
import type { ElfFiles } from '../../native/elfFiles.ts';
import { type NativeProcess, openNativeProcess } from '../../native/nativeProcess.ts';
import type { Registers } from '../../native/registers.ts';
import type { CreationNotes } from '../../python/creations/creationNotes.ts';
import type { TaskRecord } from '../trace/record.ts';
import { readWord } from '../trace/record.ts';
import type { Caught, FrameReader, MakerFrames } from './frameReader.ts';
import { FRAME_READERS } from './frameReaders.ts';
import { type Step, type Walked, walkMaker } from './makerStack.ts';
import { StackMemo } from './stackMemo.ts';

/** The stack of one creation, named when somebody asks. */
export interface MakerStack {
  /** Equal for equal stacks of one maker. */
  readonly key: string;
  /** What the maker runs as. Where only code of that is known, it says more than its frames. */
  readonly runsAs: StackSource;
  readonly frames: () => MakerFrames;
}

/** What all makers have in common. */
export interface MakerSystem {
  readonly root: KernelRoot;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** What the kernel notes at each creation, because it changes at once afterwards; `undefined` without CAP_BPF. */
  readonly notes: CreationNotes | undefined;
}

/** The maps of code are read again at most so often, and for a twentieth of the time: with 10,000 threads that takes 20 ms. */
const REREAD_MS = 20;
const REREAD_COST = 20;

/** A process that makes tasks. It is opened while it lives; what it needs of its files is kept for when it does not. */
export class Maker {
  readonly #root: KernelRoot;
  readonly #pid: number;
  readonly #native: NativeProcess;
  readonly #now: () => number;
  readonly #notes: CreationNotes | undefined;
  readonly #readers = new Map<StackSource, FrameReader | undefined>();
  readonly #memo = new StackMemo<MakerStack>();
  #runtimes: readonly StackSource[] = [];
  #rereadMs: number;

  private constructor(pid: number, native: NativeProcess, { now, notes, root }: MakerSystem) {
    this.#root = root;
    this.#pid = pid;
    this.#native = native;
    this.#now = now;
    this.#notes = notes;
    this.#rereadMs = now() + REREAD_MS;
    this.#openReaders();
  }

  /** `undefined` for a process that is gone, or may not be read. */
  static open(pid: number, files: ElfFiles, system: MakerSystem): Maker | undefined {
    const native = openNativeProcess(system.root, pid, files);
    return native === undefined ? undefined : new Maker(pid, native, system);
  }

  /** The stack of a maker if it was seen before: nothing of it is read. */
  remembered({ registers, stack }: TaskRecord): MakerStack | undefined {
    return registers === undefined ? undefined : this.#memo.find({ registers, stack });
  }

  /** The stack of a maker; `undefined` for a task of the kernel, and for one that runs another program by now. */
  stackOf(record: TaskRecord): MakerStack | undefined {
    const { registers, stack, stackStart } = record;
    if (registers === undefined || !this.#knows(registers)) return undefined;
    const copy = { registers, stack };
    const known = this.#memo.find(copy);
    if (known !== undefined) return known;
    this.#native.refresh();
    const { readWord: readMemory } = this.#native.source;
    const readOne = (address: number): number | undefined => {
      const at = address - stackStart;
      return at >= 0 && at + 8 <= stack.length ? readWord(stack, at) : readMemory(address);
    };
    const { checks, steps } = this.#walk(registers, readOne);
    const told = this.#ask({ record, steps, readWord: readOne });
    if (told !== undefined) return { key: keyOf(told), runsAs: this.#runtimes[0] ?? 'native', frames: () => told };
    const found = this.#nativeStack(steps, stackStart + stack.length);
    // Where a reader may know the next one, equal native frames say nothing.
    if (this.#readers.size === 0) this.#memo.keep(copy, checks, found);
    return found;
  }

  /** Gets its readers ready before it makes something. True when there is nothing more to do. */
  prepare(): boolean {
    if (this.#readers.size === 0 || [...this.#readers.values()].includes(undefined)) this.#mayReread();
    const readers = [...this.#readers.values()];
    return readers.length > 0 && readers.every((reader) => reader !== undefined && (reader.prepare?.() ?? true));
  }

  close(): void {
    for (const reader of this.#readers.values()) reader?.close?.();
    this.#native.close();
  }

  /** Whether it stands in code that is known. */
  #knows(registers: Registers): boolean {
    const { isCode } = this.#native.source;
    const pc = registers[RA] as number;
    return isCode(pc) || (this.#mayReread() && isCode(pc));
  }

  /** Code that is not known may have been loaded or made since the maps were read: a compiler makes more of it all the time. */
  #walk(registers: Registers, readOne: Caught['readWord']): Walked {
    const source = { ...this.#native.source, readWord: readOne };
    const walked = walkMaker(registers, source);
    return walked.lostAt !== undefined && this.#mayReread() ? walkMaker(registers, source) : walked;
  }

  /** Reads the maps again, if that was not done only just. A library may have brought a runtime with it. */
  #mayReread(): boolean {
    const startMs = this.#now();
    if (startMs < this.#rereadMs) return false;
    this.#native.reread();
    this.#openReaders();
    const endMs = this.#now();
    this.#rereadMs = endMs + Math.max(REREAD_MS, REREAD_COST * (endMs - startMs));
    return true;
  }

  #openReaders(): void {
    const { modules } = this.#native;
    this.#runtimes = runtimesIn(this.#root, this.#pid, modules.paths());
    for (const runtime of this.#runtimes) {
      const kind = FRAME_READERS[runtime];
      if (kind === undefined || this.#readers.get(runtime) !== undefined) continue;
      const noting = this.#notes === undefined ? {} : { notes: this.#notes };
      const process = { root: this.#root, pid: this.#pid, runtimes: this.#runtimes, native: this.#native };
      this.#readers.set(runtime, kind.open({ ...process, ...noting }));
    }
  }

  #ask(caught: Caught): MakerFrames | undefined {
    for (const reader of this.#readers.values()) {
      const told = reader?.framesOf(caught);
      if (told !== undefined && told.frames.length > 0) return told;
    }
    return undefined;
  }

  /** Its native frames. What lies above the end of the copy was read late: it may be of another call by then. */
  #nativeStack(steps: readonly Step[], copyEnd: number): MakerStack {
    const pcs = steps.map(({ pc }) => pc);
    const late = steps.findIndex(({ registers }) => (registers[RSP] as number) > copyEnd);
    const copied = late < 0 ? pcs.length : late;
    let named: MakerFrames | undefined;
    return {
      key: `${copied}:${pcs.join()}`,
      runsAs: this.#runtimes[0] ?? 'native',
      frames: () => {
        named ??= this.#name(pcs, copied);
        return named;
      },
    };
  }

  #name(pcs: readonly number[], copied: number): MakerFrames {
    const frames = pcs.map((pc, index) => this.#native.frameAt(pc, index > 0));
    const isGo = this.#runtimes.includes('go') || frames.some(({ file }) => file !== undefined);
    const runtime = isGo ? 'go' : 'native';
    const exact = frames.slice(0, copied);
    const isTold = copied === frames.length || exact.some((frame) => !isPlumbing(frame, runtime));
    return isTold ? { runtime, frames: exact, certainty: 'exact' } : { runtime, frames, certainty: 'function' };
  }
}

function keyOf({ certainty, frames }: MakerFrames): string {
  return `${certainty};${frames.map(frameKey).join(';')}`;
}

function frameKey({ file, function: name, line, module }: Frame): string {
  return `${file ?? module ?? ''}:${line ?? ''}!${name}`;
}
