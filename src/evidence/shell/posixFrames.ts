import type { Frame } from '../../core/stack.ts';
import type { Caught, FrameReader, MakerFrames, MakerProcess } from '../creators/makers/frameReader.ts';
import { isStillThere } from './liveWords.ts';
import { PosixNodes, type ShellFunction, type TypeBytes } from './posixNodes.ts';
import { readPosixStack, type Standing } from './posixStack.ts';
import { ScriptFile } from './scriptFile.ts';
import type { ShellHeap } from './shellHeap.ts';
import { shellWords } from './shellWords.ts';

/** dash and the shell of busybox. They export nothing: their parse trees are known by their shape. */
export class PosixFrames implements FrameReader {
  readonly #process: MakerProcess;
  readonly #heap: ShellHeap;
  readonly #nodes: PosixNodes;
  readonly #program: string;
  readonly #script: ScriptFile;
  /** Of a text behind -c. */
  readonly #countsFrom: 0 | 1;

  constructor(process: MakerProcess, heap: ShellHeap, program: string, typeBytes: TypeBytes) {
    this.#process = process;
    this.#heap = heap;
    this.#nodes = new PosixNodes(heap, typeBytes);
    this.#program = program;
    this.#script = new ScriptFile(process);
    this.#countsFrom = typeBytes === 1 ? 0 : 1;
  }

  framesOf(caught: Caught): MakerFrames | undefined {
    this.#heap.refresh();
    const { modules } = this.#process.native;
    const isShellCode = (pc: number): boolean => modules.mapAt(pc)?.path === this.#program;
    const stack = readPosixStack({
      words: shellWords(caught, isShellCode, (word) => this.#heap.mayPoint(word)),
      nodes: this.#nodes,
      isWhole: caught.steps.filter(({ pc }) => isShellCode(pc)).length > 1,
      isStillThere: (word) => isStillThere(word, this.#process),
      isOneLine: this.#script.isOneLine,
    });
    if (stack === undefined) return undefined;
    const frames = stack.standings.map((standing) => this.#frameOf(standing));
    return told(frames, stack.isInnermost);
  }

  #frameOf({ function: called, line }: Standing): Frame {
    const known = this.#lineOf(called, line);
    if (called === undefined) return this.#script.mainFrame(known);
    return {
      function: called.name,
      ...(this.#script.defines(called.name, called.line) ? this.#script.place : {}),
      ...(known === undefined ? {} : { line: known }),
    };
  }

  /** busybox counts the lines of a text from 0, and those of a file that the text reads from 1. */
  #lineOf(called: ShellFunction | undefined, line: number | undefined): number | undefined {
    if (this.#countsFrom === 1 || !this.#script.isText) return line === 0 ? undefined : line;
    const isOfFile = called !== undefined && called.line > 0;
    if (!this.#script.isOneLine || line === undefined) return undefined;
    return isOfFile ? line : 1;
  }
}

/** The innermost frame says how much is known. A script alone is told by its command line, with those that made it. */
function told(frames: readonly Frame[], isInnermost: boolean): MakerFrames | undefined {
  const [first] = frames;
  if (first === undefined || (frames.length === 1 && first.line === undefined)) return undefined;
  const certainty = first.line === undefined ? 'function' : isInnermost ? 'exact' : 'called from';
  return { runtime: 'shell', frames, certainty };
}
