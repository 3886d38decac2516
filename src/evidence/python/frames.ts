import type { Frame } from '../../core/stack.ts';
import type { Memory, MemoryWindow } from '../native/processMemory.ts';
import { StackTrie } from '../stackTrie.ts';
import type { PythonLayout } from './layout.ts';
import { lineOf } from './lines.ts';
import { PythonObjects } from './objects.ts';
import { ThreadNames } from './threadNames.ts';

const MOST_FRAMES = 512;
const MOST_TRIES = 3;
/** Names of threads that stand at the same place are alike but for their numbers: some of them tell. */
const NAMES_EACH = 32;

export interface PythonStack {
  readonly frames: readonly Frame[];
  readonly label: string | undefined;
}

interface Code {
  readonly name: string;
  readonly file: string;
  readonly firstLine: number;
  readonly table: Buffer;
  readonly start: number;
  readonly frames: Map<number, Frame>;
}

/** Reads frames; code objects are few and read once. */
export class FrameReader {
  readonly #memory: Memory;
  readonly #layout: PythonLayout;
  readonly #objects: PythonObjects;
  readonly #names: ThreadNames;
  /** Frames of a thread follow each other in a chunk of memory, the callers below: they are read downwards. */
  readonly #window: MemoryWindow;
  readonly #codes = new Map<number, Code | undefined>();
  readonly #stacks = new StackTrie<Frame>();
  readonly #named = new Map<readonly Frame[], number>();
  /** Of each frame of one stack: its address, its code object, its instruction. */
  readonly #raw = new Float64Array(MOST_FRAMES * 3);

  constructor(memory: Memory, layout: PythonLayout) {
    this.#memory = memory;
    this.#layout = layout;
    this.#objects = new PythonObjects(memory, layout);
    this.#names = new ThreadNames(memory, layout, this.#objects);
    this.#window = memory.window(2_048, 512);
  }

  /** Frames of a thread, the leaf first, and the name that it has in Python, where that is read. */
  stackOf(threads: MemoryWindow, thread: number): PythonStack {
    return this.#decode(this.#capture(this.#leafOf(threads, thread)));
  }

  /**
   * The same of a thread that runs. Its leaf is looked at once more afterwards: one that has returned in between would stand
   * above a caller that is somewhere else by now (seen: the line of the sleep after a refused thread start, named as the
   * line that starts threads). `undefined` when it does not hold still.
   */
  steadyStackOf(threads: MemoryWindow, thread: number): PythonStack | undefined {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      threads.refresh();
      const leaf = this.#leafOf(threads, thread);
      const count = this.#capture(leaf);
      threads.refresh();
      if (leaf === this.#leafOf(threads, thread)) return this.#decode(count);
    }
    return undefined;
  }

  /** Notes where each frame is and does not look anything up: a thread that runs does not wait. Returns how many. */
  #capture(leaf: number | undefined): number {
    const { code, frame: at, unit } = this.#layout;
    const window = this.#window;
    const raw = this.#raw;
    let count = 0;
    let frame = leaf;
    for (let seen = 0; frame && seen < MOST_FRAMES; seen += 1) {
      if (at.owner === undefined || (window.readByte(frame + at.owner.at) ?? 255) < at.owner.notPython) {
        raw[count * 3] = frame;
        raw[count * 3 + 1] = window.readWord(frame + at.code) ?? 0;
        raw[count * 3 + 2] =
          code.instructions === undefined
            ? (window.readInt32(frame + at.instruction) ?? 0) * unit
            : (window.readWord(frame + at.instruction) ?? 0);
        count += 1;
      }
      frame = window.readWord(frame + at.previous);
    }
    return count;
  }

  #decode(count: number): PythonStack {
    const frames: Frame[] = [];
    let bottom = 0;
    for (let index = 0; index < count; index += 1) {
      const found = this.#frameOf(this.#raw[index * 3 + 1] as number, this.#raw[index * 3 + 2] as number);
      if (found === undefined) continue;
      frames.push(found);
      bottom = this.#raw[index * 3] as number;
    }
    const shared = this.#stacks.framesOf(frames, () => frames);
    const self = isBootstrap(frames.at(-1)) ? this.#firstLocal(bottom) : undefined;
    const label = self === undefined ? undefined : this.#nameFor(shared, self);
    return { frames: shared, label };
  }

  /** The address of the frame that a thread is in. */
  #leafOf(threads: MemoryWindow, thread: number): number | undefined {
    const [first, ...steps] = this.#layout.thread.frame as [number, ...number[]];
    let frame = threads.readWord(thread + first);
    this.#window.refresh();
    for (const step of steps) frame = frame ? this.#window.readWord(frame + step) : undefined;
    return frame;
  }

  /** `self` of `Thread._bootstrap`. */
  #firstLocal(frame: number): number | undefined {
    const at = this.#layout.instance?.locals;
    return at === undefined ? undefined : this.#window.readWord(frame + at);
  }

  #nameFor(frames: readonly Frame[], self: number): string | undefined {
    const named = this.#named.get(frames) ?? 0;
    if (named >= NAMES_EACH) return undefined;
    this.#named.set(frames, named + 1);
    return this.#names.nameOf(self);
  }

  #frameOf(tagged: number, instruction: number): Frame | undefined {
    // From 3.14 on the low bits of a reference are flags.
    const code = this.#codeAt(tagged - (tagged % 8));
    if (code === undefined) return undefined;
    const offset = this.#layout.code.instructions === undefined ? instruction : instruction - code.start;
    let known = code.frames.get(offset);
    if (known === undefined) {
      const line = lineOf(this.#layout.lineTable, code.table, code.firstLine, Math.max(0, offset));
      known = { function: code.name, file: code.file, line: line ?? code.firstLine };
      code.frames.set(offset, known);
    }
    return known;
  }

  #codeAt(address: number): Code | undefined {
    if (this.#codes.has(address)) return this.#codes.get(address);
    const code = address < 4096 ? undefined : this.#readCode(address);
    this.#codes.set(address, code);
    return code;
  }

  #readCode(address: number): Code | undefined {
    const { code: at } = this.#layout;
    const window = this.#memory.window(0, 256);
    const pointerAt = (offset: number): number => window.readWord(address + offset) ?? 0;
    const firstLine = window.readInt32(address + at.firstLine);
    const name = this.#objects.text(pointerAt(at.name));
    const file = this.#objects.text(pointerAt(at.filename));
    const table = this.#objects.bytes(pointerAt(at.lines));
    // What is no code object would give no names: then nothing is better than a guess.
    if (firstLine === undefined || name === undefined || file === undefined || table === undefined) return undefined;
    return { name, file, firstLine, table, start: address + (at.instructions ?? 0), frames: new Map() };
  }
}

/** Where every thread of `threading` begins. */
function isBootstrap(frame: Frame | undefined): boolean {
  return frame !== undefined && /^(Thread\.)?_bootstrap$/.test(frame.function);
}
