import { readWord } from '../../creators/trace/record.ts';

/** How many frames of a maker are noted: as many as a program has room for. A pool of processes stands on nine of its library. */
export const NOTED_FRAMES = 14;

/** Of a frame: its code object, and the bytes from its instruction on, in which its owner is. */
export const FRAME = { code: 0, instruction: 8, tailBytes: 24, bytes: 32 } as const;

/** Of a note, in bytes: when (nanoseconds, monotonic), who (process and thread), and the frames, the leaf first. */
export const NOTE = { time: 0, maker: 8, state: 16, nativeId: 24, leaf: 32, frames: 40 } as const;
export const NOTE_BYTES: number = NOTE.frames + NOTED_FRAMES * FRAME.bytes;

/** Of what is known of a process, in bytes: addresses, then offsets in its structures. */
export const PLACE = {
  headAt: 0,
  interpreter: 8,
  holderAt: 16,
  nativeId: 24,
  firstStep: 32,
  secondStep: 40,
  code: 48,
  instruction: 56,
  previous: 64,
  /** In place of `secondStep`: the first one leads to the frame. */
  none: 0x7fffffff,
} as const;
export const PLACE_BYTES = 72;

/** Where the frames of a process are found. */
export interface Place {
  /** Where the runtime has its newest interpreter, and which one that has to be. */
  readonly headAt: number;
  readonly interpreter: number;
  /** Where the state of the thread is that has the GIL, or had it last. */
  readonly holderAt: number;
  readonly nativeId: number;
  readonly steps: readonly number[];
  readonly frame: { readonly code: number; readonly instruction: number; readonly previous: number };
}

export function placeBytes({ frame, headAt, holderAt, interpreter, nativeId, steps }: Place): Buffer {
  const bytes = Buffer.alloc(PLACE_BYTES);
  const put = (at: number, value: number): unknown => bytes.writeBigUInt64LE(BigInt(value), at);
  put(PLACE.headAt, headAt);
  put(PLACE.interpreter, interpreter);
  put(PLACE.holderAt, holderAt);
  put(PLACE.nativeId, nativeId);
  put(PLACE.firstStep, steps[0] ?? 0);
  put(PLACE.secondStep, steps[1] ?? PLACE.none);
  put(PLACE.code, frame.code);
  put(PLACE.instruction, frame.instruction);
  put(PLACE.previous, frame.previous);
  return bytes;
}

/** What was noted at one creation. */
export interface Note {
  readonly atMs: number;
  /** The thread's own word for its id, in its own namespace. */
  readonly nativeId: number;
  /** The address of the leaf's frame. */
  readonly leaf: number;
  readonly frames: readonly NotedFrame[];
}

export interface NotedFrame {
  readonly code: number;
  readonly instruction: number;
  /** From the instruction on. */
  readonly tail: Buffer;
}

/** Frames end where nothing could be read any more. */
export function parseNote(bytes: Buffer): Note {
  const frames: NotedFrame[] = [];
  for (let at: number = NOTE.frames; at < NOTE_BYTES; at += FRAME.bytes) {
    const code = readWord(bytes, at + FRAME.code);
    if (code === 0) break;
    const tail = bytes.subarray(at + FRAME.instruction, at + FRAME.instruction + FRAME.tailBytes);
    frames.push({ code, instruction: readWord(tail, 0), tail });
  }
  return {
    atMs: readWord(bytes, NOTE.time) / 1e6,
    nativeId: readWord(bytes, NOTE.nativeId),
    leaf: readWord(bytes, NOTE.leaf),
    frames,
  };
}
