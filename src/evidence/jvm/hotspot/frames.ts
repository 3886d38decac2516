import type { Frame } from '../../../core/stack.ts';
import type { CodeBlob } from './codeBlobs.ts';
import type { EntryLayout } from './layout.ts';
import type { Methods } from './methods.ts';
import type { Scopes } from './scopes.ts';
import type { StackWords } from './stackWords.ts';

/** Where a frame stands: its return address from below, and its two pointers. */
export interface Place {
  readonly pc: number;
  readonly sp: number;
  readonly fp: number;
}

/** What one frame of the machine tells: frames of Java, and its caller. */
export interface Told {
  readonly frames: readonly Frame[];
  readonly caller: Place | undefined;
}

const WORD = 8;
/** Slots of an interpreted frame, from its frame pointer (frame_x86.hpp: interpreter_frame_sender_sp_offset and the next ones). */
const SENDER_SP = -1 * WORD;
const METHOD = -3 * WORD;
/** The expression stack of a method has at most 65,535 words. */
const MOST_FRAME_BYTES = 1 << 20;

/** A frame of the interpreter: its method and its bytecode are in it. */
export function interpretedFrame({ fp, sp }: Place, words: StackWords, methods: Methods, bytecodeSlot: number): Told {
  const senderSp = words.at(fp + SENDER_SP);
  const method = methods.at(words.at(fp + METHOD));
  const pointer = words.at(fp + bytecodeSlot);
  if (!(fp >= sp && fp - sp < MOST_FRAME_BYTES) || method === undefined || pointer === undefined) return NOTHING;
  // A native method has no bytecode.
  const bytecode = method.codeBytes === 0 ? 0 : pointer - method.code;
  if (!(bytecode >= 0 && bytecode <= method.codeBytes)) return NOTHING;
  return { frames: [method.frameAt(bytecode)], caller: placeOf(words.returnAt(fp + WORD), senderSp, words.at(fp)) };
}

/** A frame of compiled code, or of a stub: its size is fixed. */
export function compiledFrame({ pc, sp }: Place, blob: CodeBlob, words: StackWords, scopes: Scopes): Told {
  if (blob.frameBytes === 0) return NOTHING;
  const sender = sp + blob.frameBytes;
  const caller = placeOf(words.returnAt(sender - WORD), sender, words.at(sender - 2 * WORD));
  if (blob.kind === 'stub') return { frames: [], caller };
  // It was made invalid while it waited: where it would have gone on is kept in its frame (frame::get_deopt_original_pc).
  const real = blob.deoptHandlers.includes(pc) ? words.at(sp + blob.originalPcAt) : pc;
  const frames = real === undefined ? undefined : scopes.framesAt(blob, real);
  return frames === undefined ? NOTHING : { frames, caller };
}

/**
 * The frame by which C++ called Java: the Java frame below it is told by its wrapper, which lies on the stack. There is none
 * for the first.
 */
export function entryFrame({ fp, sp }: Place, words: StackWords, entry: EntryLayout): Told {
  const wrapper = words.at(fp + entry.wrapper);
  // Everything of it lies above.
  if (wrapper === undefined || wrapper <= sp) return NOTHING;
  const lastSp = words.at(wrapper + entry.lastSp);
  if (!lastSp) return NOTHING;
  const lastPc = words.at(wrapper + entry.lastPc);
  return {
    frames: [],
    caller: placeOf(lastPc || words.returnAt(lastSp - WORD), lastSp, words.at(wrapper + entry.lastFp)),
  };
}

const NOTHING: Told = { frames: [], caller: undefined };

function placeOf(pc: number | undefined, sp: number | undefined, fp: number | undefined): Place | undefined {
  return pc === undefined || sp === undefined || fp === undefined ? undefined : { pc, sp, fp };
}
