import type { Certainty } from '../../../core/creators.ts';
import { isPlumbing } from '../../../core/plumbing.ts';
import type { Frame } from '../../../core/stack.ts';
import { exportedSymbol } from '../../elf/exportedSymbols.ts';
import { RBP } from '../../elf/unwindRule.ts';
import { type JsFrame, JsFrames } from '../../v8/frames.ts';
import type { SourceFunction } from '../../v8/functions.ts';
import { readLayout } from '../../v8/layout.ts';
import type { Caught, FrameReader, FrameReaderKind, MakerFrames, MakerProcess } from './frameReader.ts';

/** Frames of JavaScript that are read for one creation. Node has some of its own around those of the program. */
const MOST_FRAMES = 32;
/** Frames of the program that are enough: the one that makes the task, and what called it. */
const ENOUGH_OWN = 4;
/** What libuv does once in a process: above all the threads of its pool, whoever happens to need them first. */
const ONCE = 'uv_once';
/** Slots of a frame that are read: below its frame pointer, and the two words at it. */
const BELOW = 40;
const ABOVE = 16;

/**
 * JavaScript in Node. V8 keeps frame pointers through all that it compiles, so the walk of native frames comes through;
 * each frame has its function and, in the interpreter, where it is in it.
 */
export const nodeFrames: FrameReaderKind = {
  runtime: 'node',
  open: ({ native }: MakerProcess): FrameReader | undefined => {
    for (const { bias, elf, path } of native.modules.all()) {
      const layout = readLayout(elf);
      if (layout === undefined) continue;
      const once = exportedSymbol(elf, ONCE);
      const engine = {
        reader: new JsFrames(native.memory, layout),
        path,
        once: once === undefined ? undefined : once.address + bias,
      };
      return { framesOf: (caught) => framesOf(caught, native, engine) };
    }
    return undefined;
  },
};

/** The V8 of a process. */
interface Engine {
  readonly reader: JsFrames;
  /** The file that it is in. */
  readonly path: string;
  readonly once: number | undefined;
}

/** What was read on the way from the creation outwards. */
interface Walk {
  readonly frames: Frame[];
  /** One frame or more between the creation and the last frame could not be read. */
  hasHole: boolean;
  own: number;
  certainty: Certainty | undefined;
}

function framesOf(
  { readWord, record, steps }: Caught,
  { modules, source }: MakerProcess['native'],
  { once, path, reader }: Engine,
): MakerFrames | undefined {
  const end = record.stackStart + record.stack.length;
  const walk: Walk = { frames: [], hasHole: false, own: 0, certainty: undefined };
  for (const [index, { pc, registers }] of steps.entries()) {
    const rule = source.ruleAt(index === 0 ? pc : pc - 1);
    if (rule !== undefined) {
      if (walk.frames.length === 0 && rule.functionStart === once) return undefined;
      continue;
    }
    const framePointer = registers[RBP] as number;
    // Further up the stack may have changed since. A bare system call has no frame pointer.
    if (!(framePointer - BELOW >= record.stackStart && framePointer + ABOVE <= end)) continue;
    const map = modules.mapAt(pc);
    const isInFile = map !== undefined && map.path !== '';
    if (isInFile && modules.moduleAt(pc)?.path !== path) {
      // Native code without rules: the frame pointer may have been that of its caller, which the walk has left out then. The
      // bare system call has left out nothing.
      walk.hasHole ||= index > 0;
      continue;
    }
    const found = reader.frameAt({ pc, framePointer, isInFile }, readWord);
    if (found !== 'none') note(walk, found);
    if (walk.own >= ENOUGH_OWN || walk.frames.length >= MOST_FRAMES) break;
  }
  const { certainty, frames } = walk;
  return certainty === undefined ? undefined : { runtime: 'node', frames, certainty };
}

/** A frame whose function is not known is left out, and what is outside of it is only where the creation was called from. */
function note(walk: Walk, found: JsFrame | undefined): void {
  if (found === undefined) {
    walk.hasHole = true;
    return;
  }
  const { frame, isExact } = frameOf(found);
  if (frame === undefined) return;
  walk.frames.push(frame);
  // What Node inlines into its own functions is no frame of the program.
  walk.hasHole ||= found.inlined?.every(isOfNode) !== true;
  if (isPlumbing(frame, 'node')) return;
  walk.own += 1;
  walk.certainty ??= walk.hasHole ? 'called from' : isExact ? 'exact' : 'function';
}

function isOfNode({ name, script }: SourceFunction): boolean {
  if (script === undefined) return true;
  return script.file !== undefined && isPlumbing({ function: name, file: script.file }, 'node');
}

/** Nothing for a function of the language itself, as `Array.prototype.forEach`. */
function frameOf({ line, source }: JsFrame): { readonly frame: Frame | undefined; readonly isExact: boolean } {
  const { name, range, script } = source;
  if (script === undefined) return { frame: undefined, isExact: false };
  const [first, last] = range === undefined ? [] : [script.lineAt(range.start), script.lineAt(range.end - 1)];
  // A function on one line has no other.
  const exact = line ?? (first === last ? first : undefined);
  const told = exact ?? first;
  return {
    frame: {
      function: name === '' ? '(anonymous)' : name,
      ...(script.file === undefined ? {} : { file: script.file }),
      ...(told === undefined || script.file === undefined ? {} : { line: told }),
    },
    isExact: exact !== undefined && script.file !== undefined,
  };
}
