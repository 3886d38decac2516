import { isPlumbing } from '../../../core/plumbing.ts';
import type { Frame } from '../../../core/stack.ts';
import type { MakerFrames } from '../../creators/makers/frameReader.ts';

/**
 * The frames of a maker, the innermost first, as far as they can be named. The code of a module is freed when it has run, so
 * there may be gaps. Behind a gap nothing is told if the program's own code was met before it; else what comes behind it is
 * all that is known. `undefined` if there is nothing.
 */
export function namedFrames<Raw>(
  raws: readonly Raw[],
  nameOf: (raw: Raw) => Frame | undefined,
): MakerFrames | undefined {
  let frames: Frame[] = [];
  let isInner = true;
  for (const raw of raws) {
    const frame = nameOf(raw);
    if (frame !== undefined) frames.push(frame);
    else if (frames.some((one) => !isPlumbing(one, 'python'))) break;
    else {
      frames = [];
      isInner = false;
    }
  }
  if (frames.length === 0) return undefined;
  return { runtime: 'python', frames, certainty: isInner ? 'exact' : 'called from' };
}
