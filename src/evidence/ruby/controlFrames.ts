import { readWord } from '../creators/trace/record.ts';
import type { Memory } from '../native/processMemory.ts';
import { isAddress } from '../native/readWhole.ts';
import type { CompiledCode } from './compiledCode.ts';
import { FRAME, type RubyLayout } from './layout.ts';

/** Frames that are looked at: each may cost two reads. */
const MOST_FRAMES = 16;

/**
 * Learns the code of the control frames from an address upwards: the frame itself, then its callers. They are read late, so the
 * first ones may be those of other calls by now; whatever code they run is code. Returns whether any of them was a frame.
 */
export function learnFrames(memory: Memory, { frameBytes }: RubyLayout, code: CompiledCode, start: number): boolean {
  const bytes = isAddress(start) ? memory.read(start, frameBytes * MOST_FRAMES) : undefined;
  let isFrame = false;
  for (let at = 0; bytes !== undefined && at + frameBytes <= bytes.length; at += frameBytes) {
    // A frame of a function in C has none.
    const address = readWord(bytes, at + FRAME.iseq);
    const iseq = isAddress(address) ? code.learn(address) : undefined;
    const pc = readWord(bytes, at + FRAME.pc);
    if (iseq !== undefined && pc >= iseq.start && pc <= iseq.end) isFrame = true;
  }
  return isFrame;
}
