import type { StackSource } from '../../../core/runtimes.ts';
import type { Frame } from '../../../core/stack.ts';
import type { KernelRoot } from '../../../procfs/root.ts';
import { runtimesIn } from '../../../procfs/runtime.ts';
import type { ElfFiles } from '../../native/elfFiles.ts';
import { type NativeProcess, openNativeProcess } from '../../native/nativeProcess.ts';
import type { CreationNotes } from '../../python/creations/creationNotes.ts';
import type { TaskRecord } from '../trace/record.ts';
import { readWord } from '../trace/record.ts';
import type { Caught, FrameReader, MakerFrames } from './frameReader.ts';
import { FRAME_READERS } from './frameReaders.ts';
import { type Step, walkMaker } from './makerStack.ts';
import { StackMemo } from './stackMemo.ts';

/** The stack of one creation, named when somebody asks. */
export interface MakerStack {
  /** Equal for equal stacks of one maker. */
  readonly key: string;
  readonly frames: () => MakerFrames;
}

/** A process that makes tasks. It is opened while it lives; what it needs of its files is kept for when it does not. */
export class Maker {
  readonly #native: NativeProcess;
  readonly #readers: readonly FrameReader[];
  readonly #runtimes: readonly StackSource[];
  readonly #memo = new StackMemo<MakerStack>();

  private constructor(native: NativeProcess, runtimes: readonly StackSource[], readers: readonly FrameReader[]) {
    this.#native = native;
    this.#runtimes = runtimes;
    this.#readers = readers;
  }

  /** `undefined` for a process that is gone, or may not be read. */
  static open(root: KernelRoot, pid: number, files: ElfFiles, notes?: CreationNotes): Maker | undefined {
    const native = openNativeProcess(root, pid, files);
    if (native === undefined) return undefined;
    const runtimes = runtimesIn(root, pid, native.modules.paths());
    const process = { root, pid, runtimes, native, ...(notes === undefined ? {} : { notes }) };
    const readers = runtimes.flatMap((runtime) => FRAME_READERS[runtime]?.open(process) ?? []);
    return new Maker(native, runtimes, readers);
  }

  /** Whether the code that the maker stands in was there when it was opened: a library may have been loaded since. */
  knows({ registers }: TaskRecord): boolean {
    return registers === undefined || this.#native.source.isCode(registers[16] as number);
  }

  /** The stack of a maker; `undefined` for a task of the kernel. */
  stackOf(record: TaskRecord): MakerStack | undefined {
    const { registers, stack, stackStart } = record;
    if (registers === undefined) return undefined;
    const copy = { registers, stack };
    const known = this.#memo.find(copy);
    if (known !== undefined) return known;
    this.#native.refresh();
    const { readWord: readMemory } = this.#native.source;
    const read = (address: number): number | undefined => {
      const at = address - stackStart;
      return at >= 0 && at + 8 <= stack.length ? readWord(stack, at) : readMemory(address);
    };
    const { checks, steps } = walkMaker(registers, { ...this.#native.source, readWord: read });
    const told = this.#ask({ record, steps, readWord: read });
    if (told !== undefined) return { key: keyOf(told), frames: () => told };
    const found = this.#nativeStack(steps);
    // Where a reader may know the next one, equal native frames say nothing.
    if (this.#readers.length === 0) this.#memo.keep(copy, checks, found);
    return found;
  }

  close(): void {
    for (const reader of this.#readers) reader.close?.();
    this.#native.close();
  }

  #ask(caught: Caught): MakerFrames | undefined {
    for (const reader of this.#readers) {
      const told = reader.framesOf(caught);
      if (told !== undefined && told.frames.length > 0) return told;
    }
    return undefined;
  }

  #nativeStack(steps: readonly Step[]): MakerStack {
    const pcs = steps.map(({ pc }) => pc);
    let named: MakerFrames | undefined;
    return {
      key: pcs.join(),
      frames: () => {
        named ??= this.#name(pcs);
        return named;
      },
    };
  }

  #name(pcs: readonly number[]): MakerFrames {
    const frames = pcs.map((pc, index) => this.#native.frameAt(pc, index > 0));
    const isGo = this.#runtimes.includes('go') || frames.some(({ file }) => file !== undefined);
    return { runtime: isGo ? 'go' : 'native', frames, certainty: 'exact' };
  }
}

function keyOf({ certainty, frames }: MakerFrames): string {
  return `${certainty};${frames.map(frameKey).join(';')}`;
}

function frameKey({ file, function: name, line, module }: Frame): string {
  return `${file ?? module ?? ''}:${line ?? ''}!${name}`;
}
