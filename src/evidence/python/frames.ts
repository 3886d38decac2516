import type { Frame } from '../../core/stack.ts';
import type { MemoryWindow } from '../native/memoryWindow.ts';
import type { Memory } from '../native/processMemory.ts';
import { StackTrie } from '../stackTrie.ts';
import { Attribute } from './attribute.ts';
import { CodeObjects } from './codeObjects.ts';
import { leafOf, walkFrames } from './frameChain.ts';
import type { PythonLayout } from './layout.ts';
import { PythonObjects } from './objects.ts';

const MOST_FRAMES = 512;
const MOST_TRIES = 3;
/** Threads that stand at the same place have names that are alike but for their numbers: some of them are enough. */
const NAMES_EACH = 32;
/** Where every thread of `threading` begins; its first local variable is the thread. */
const BOOTSTRAP = /^(Thread\.)?_bootstrap$/;

export interface PythonStack {
  /** The leaf first. */
  readonly frames: readonly Frame[];
  /** The name that the thread has in Python, if that was read. */
  readonly label: string | undefined;
}

/** Reads the stacks of the threads of one interpreter. Equal stacks share one array. */
export class FrameReader {
  readonly #layout: PythonLayout;
  readonly #codes: CodeObjects;
  readonly #objects: PythonObjects;
  readonly #name: Attribute;
  /** The frames of a thread follow each other in a chunk of memory, the callers below: they are read downwards. */
  readonly #window: MemoryWindow;
  readonly #stacks = new StackTrie<Frame>();
  /** How many names were read for each stack. */
  readonly #named = new Map<readonly Frame[], number>();
  /** Of each frame of one stack: its address, its code object, its instruction. */
  readonly #raw = new Float64Array(MOST_FRAMES * 3);

  constructor(memory: Memory, layout: PythonLayout) {
    const objects = new PythonObjects(memory, layout);
    this.#layout = layout;
    this.#codes = new CodeObjects(memory, layout, objects);
    this.#objects = objects;
    this.#name = new Attribute(memory, layout, objects, '_name');
    this.#window = memory.window(2_048, 512);
  }

  /** The stack of a thread that stands still; `threads` is the window that its state is read through. */
  stackOf(threads: MemoryWindow, thread: number): PythonStack {
    return this.#decode(this.#capture(this.#leafOf(threads, thread)));
  }

  /**
   * The stack of a thread that runs. Its leaf is looked at once more afterwards: one that has returned in between would
   * stand above a caller that is somewhere else by now. (That was seen: the line of the sleep after a refused thread start
   * was named as the line that starts threads.) `undefined` if the thread does not hold still.
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

  /** Notes where each frame is, and looks nothing up: a thread that runs does not wait. Returns how many there are. */
  #capture(leaf: number | undefined): number {
    const raw = this.#raw;
    let count = 0;
    walkFrames(this.#window, this.#layout, leaf, MOST_FRAMES, (frame, code, instruction) => {
      raw[count * 3] = frame;
      raw[count * 3 + 1] = code;
      raw[count * 3 + 2] = instruction;
      count += 1;
    });
    return count;
  }

  #decode(count: number): PythonStack {
    const frames: Frame[] = [];
    let bottom = 0;
    for (let index = 0; index < count; index += 1) {
      const found = this.#codes.frameOf(this.#raw[index * 3 + 1] as number, this.#raw[index * 3 + 2] as number);
      if (found === undefined) continue;
      frames.push(found);
      bottom = this.#raw[index * 3] as number;
    }
    const shared = this.#stacks.framesOf(frames, () => frames);
    return { frames: shared, label: this.#nameFor(shared, bottom) };
  }

  /** The address of the frame that a thread is in. */
  #leafOf(threads: MemoryWindow, thread: number): number | undefined {
    this.#window.refresh();
    return leafOf(threads, this.#window, this.#layout, thread);
  }

  /** The name of a thread whose bottom frame is that of `Thread._bootstrap`: it is found through its `self`. */
  #nameFor(frames: readonly Frame[], bottom: number): string | undefined {
    const locals = this.#layout.instance?.locals;
    if (locals === undefined || !BOOTSTRAP.test(frames.at(-1)?.function ?? '')) return undefined;
    const named = this.#named.get(frames) ?? 0;
    const self = named < NAMES_EACH ? this.#window.readWord(bottom + locals) : undefined;
    if (self === undefined) return undefined;
    this.#named.set(frames, named + 1);
    const name = this.#name.valueOf(self);
    return name === undefined ? undefined : this.#objects.text(name);
  }
}
