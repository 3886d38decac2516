import type { MemoryWindow } from '../native/memoryWindow.ts';
import type { PythonLayout } from './layout.ts';

/** What is noted of a frame: where it is, its code object, its instruction (as `CodeObjects.frameOf` wants it). */
export type FrameVisitor = (frame: number, code: number, instruction: number) => void;

/** Goes from a frame to its callers, `most` of them. Frames that belong to no function are left out. */
export function walkFrames(
  window: MemoryWindow,
  { code, frame: at, unit }: PythonLayout,
  leaf: number | undefined,
  most: number,
  visit: FrameVisitor,
): void {
  let frame = leaf;
  for (let seen = 0; frame && seen < most; seen += 1) {
    if (at.owner === undefined || (window.readByte(frame + at.owner.at) ?? 255) < at.owner.notPython) {
      const instruction =
        code.instructions === undefined
          ? (window.readInt32(frame + at.instruction) ?? 0) * unit
          : (window.readWord(frame + at.instruction) ?? 0);
      visit(frame, window.readWord(frame + at.code) ?? 0, instruction);
    }
    frame = window.readWord(frame + at.previous);
  }
}

/** The frame that a thread is in, by the address of its state. */
export function leafOf(
  states: MemoryWindow,
  frames: MemoryWindow,
  { thread }: PythonLayout,
  state: number,
): number | undefined {
  const [first, ...steps] = thread.frame as [number, ...number[]];
  let frame = states.readWord(state + first);
  for (const step of steps) frame = frame ? frames.readWord(frame + step) : undefined;
  return frame;
}
