import { isPlumbing } from '../../../core/plumbing.ts';
import type { Frame } from '../../../core/stack.ts';
import { compiledFrame, entryFrame, interpretedFrame, type Place, type Told } from './frames.ts';
import type { HotSpot } from './hotspot.ts';
import type { StackWords } from './stackWords.ts';

/** Frames of the machine that are followed. */
const MOST_STEPS = 256;
const MOST_FRAMES = 256;
/** Callers that are read beyond the first frame of the program: more than any report shows. */
const MOST_CALLERS = 8;
/**
 * What lies between a call by reflection, by a method handle or of a lambda and what is called. It changes while a program
 * runs (a method that is called often by reflection gets an accessor of its own), so one path would look like several.
 */
const GLUE = /^(jdk\.internal\.reflect|sun\.reflect|java\.lang\.invoke)\.|\$\$Lambda[$/]/;

/**
 * The frames of Java on a stack, from the first that stands in code of the JVM on, the innermost first. It ends a little
 * behind the first frame of the program, or where the stack cannot be followed: below a virtual thread, whose callers are
 * no frames of the machine.
 */
export function readJavaStack(start: Place, words: StackWords, jvm: HotSpot, isOver: () => boolean): readonly Frame[] {
  const frames: Frame[] = [];
  let place: Place | undefined = start;
  let own = -1;
  for (let step = 0; step < MOST_STEPS && place !== undefined && frames.length < MOST_FRAMES; step += 1) {
    const told = frameAt(place, words, jvm);
    for (const frame of told.frames) {
      if (GLUE.test(frame.function)) continue;
      if (own < 0 && !isPlumbing(frame, 'jvm')) own = frames.length;
      frames.push(frame);
    }
    if ((own >= 0 && frames.length - own > MOST_CALLERS) || isOver()) break;
    // The stack of a caller is further up; anything else is a circle.
    place = told.caller !== undefined && told.caller.sp > place.sp ? told.caller : undefined;
  }
  return frames;
}

function frameAt(place: Place, words: StackWords, jvm: HotSpot): Told {
  const { layout } = jvm;
  if (place.pc === jvm.entryReturn()) return entryFrame(place, words, layout.entry);
  const blob = jvm.blobs.at(place.pc);
  if (blob === undefined) return { frames: [], caller: undefined };
  return blob.kind === 'interpreter'
    ? interpretedFrame(place, words, jvm.methods, layout.bytecode)
    : compiledFrame(place, blob, words, jvm.scopes);
}
