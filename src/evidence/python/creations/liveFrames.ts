import { openPages } from '../../native/memoryPages.ts';
import type { MemoryWindow } from '../../native/memoryWindow.ts';
import type { Memory } from '../../native/processMemory.ts';
import { leafOf, walkFrames } from '../frameChain.ts';
import type { PythonLayout } from '../layout.ts';

/** Frames of a chain that are looked at: `Thread.start` stands a few above the leaf. */
const MOST_FRAMES = 48;

/** One frame of a chain, as it was read. */
export interface LiveFrame {
  readonly frame: number;
  readonly code: number;
  readonly instruction: number;
  /** Its first local variable. */
  readonly first: number | undefined;
}

/** The chain of a thread that may be at work. */
export class LiveFrames {
  readonly #layout: PythonLayout;
  readonly #states: MemoryWindow;
  readonly #frames: MemoryWindow;

  constructor(memory: Memory, layout: PythonLayout) {
    this.#layout = layout;
    this.#states = memory.window(0, 256);
    this.#frames = openPages(memory);
  }

  /** The innermost first, as they are now. */
  chainOf(state: number): readonly LiveFrame[] {
    this.#states.refresh();
    this.#frames.refresh();
    const locals = this.#layout.instance?.locals;
    const chain: LiveFrame[] = [];
    const leaf = leafOf(this.#states, this.#frames, this.#layout, state);
    walkFrames(this.#frames, this.#layout, leaf, MOST_FRAMES, (frame, code, instruction) => {
      const first = locals === undefined ? undefined : this.#frames.readWord(frame + locals);
      chain.push({ frame, code, instruction, first });
    });
    return chain;
  }

  /**
   * The part of the chain from the frame on that began a thread: `start` of a Thread object has not returned, so all of its
   * callers stand where they stood. Read twice alike, for it is no snapshot. `undefined` if it is not there.
   */
  startingFrom(state: number, self: number, isStart: (frame: LiveFrame) => boolean): readonly LiveFrame[] | undefined {
    const [once, again] = [this.chainOf(state), this.chainOf(state)].map((chain) => {
      const at = chain.findIndex((frame) => frame.first === self && isStart(frame));
      return at < 0 ? [] : chain.slice(at);
    }) as [LiveFrame[], LiveFrame[]];
    const isSteady =
      once.length > 0 && once.length === again.length && once.every((one, at) => isEqual(one, again[at]));
    return isSteady ? again : undefined;
  }
}

function isEqual(one: LiveFrame, other: LiveFrame | undefined): boolean {
  return one.frame === other?.frame && one.code === other.code && one.instruction === other.instruction;
}
