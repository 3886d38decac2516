import type { Frame } from '../../../core/stack.ts';
import type { Caught } from '../../creators/makers/frameReader.ts';
import type { CodeObjects } from '../codeObjects.ts';
import type { PythonLayout } from '../layout.ts';
import type { Note, NotedFrame } from './noteLayout.ts';

/**
 * Whether a note is of the maker itself. A thread that makes another one without the GIL is not the one that had it. The
 * maker's own stack has the address of its leaf; its id is equal if it has no namespace of its own.
 */
export function isOfMaker({ leaf, nativeId }: Note, { record }: Caught): boolean {
  if (nativeId === record.tid) return true;
  const { stack } = record;
  const [low, high] = [leaf >>> 0, Math.floor(leaf / 2 ** 32)];
  for (let at = 0; leaf !== 0 && at + 8 <= stack.length; at += 8) {
    if (stack.readUInt32LE(at) === low && stack.readUInt32LE(at + 4) === high) return true;
  }
  return false;
}

/** The frames of a note that are those of functions. */
export function functionsOf({ frames }: Note, { frame: { instruction, owner } }: PythonLayout): readonly NotedFrame[] {
  if (owner === undefined) return frames;
  return frames.filter(({ tail }) => (tail[owner.at - instruction] ?? 255) < owner.notPython);
}

/** `undefined` if the instruction is none of that code: then it is another function by now. */
export function frameIfInside(
  { code, instruction }: Pick<NotedFrame, 'code' | 'instruction'>,
  codes: CodeObjects,
): Frame | undefined {
  const inside = codes.instructionsOf(code);
  return inside !== undefined && instruction >= inside.start && instruction < inside.end
    ? codes.frameOf(code, instruction)
    : undefined;
}
