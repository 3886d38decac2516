import type { Frame } from '../../core/stack.ts';
import { readShort } from '../../procfs/read.ts';
import type { Caught, FrameReader, MakerFrames, MakerProcess } from '../creators/makers/frameReader.ts';
import { BashCommands } from './bashCommands.ts';
import { type BashFunction, BashFunctions } from './bashFunctions.ts';
import { type BashJob, findJob } from './bashJobs.ts';
import { readBashStack } from './bashStack.ts';
import type { BashTables } from './bashTables.ts';
import { isStillThere } from './liveWords.ts';
import { ScriptFile } from './scriptFile.ts';
import type { ShellHeap } from './shellHeap.ts';
import { shellWords } from './shellWords.ts';

/** bash, by the symbols that it exports. */
export class BashFrames implements FrameReader {
  readonly #process: MakerProcess;
  readonly #heap: ShellHeap;
  readonly #program: string;
  readonly #tables: BashTables;
  readonly #commands: BashCommands;
  readonly #functions: BashFunctions;
  readonly #script: ScriptFile;

  constructor(process: MakerProcess, heap: ShellHeap, program: string, tables: BashTables) {
    this.#process = process;
    this.#heap = heap;
    this.#program = program;
    this.#tables = tables;
    this.#commands = new BashCommands(heap);
    this.#functions = new BashFunctions(heap, tables, this.#commands);
    this.#script = new ScriptFile(process);
  }

  framesOf(caught: Caught): MakerFrames | undefined {
    this.#heap.refresh();
    const { modules } = this.#process.native;
    const isShellCode = (pc: number): boolean => modules.mapAt(pc)?.path === this.#program;
    const words = shellWords(caught, isShellCode, (word) => this.#heap.mayPoint(word));
    const found = readBashStack({
      words,
      job: this.#jobOf(caught),
      functionAt: (address) => this.#functions.at(address),
      commands: this.#commands,
    });
    if (found === undefined) return undefined;
    const isSteady = this.#script.isOneLine || found.loops.some((loop) => isStillThere(loop, this.#process));
    const main = this.#script.mainFrame(isSteady ? found.mainLine : undefined);
    const frames = [...found.functions.map(({ called, line }) => frameOf(called, line)), main];
    // A command that was not found again says that it is this function, and no more.
    return { runtime: 'shell', frames, certainty: frames[0]?.line === undefined ? 'function' : 'exact' };
  }

  #jobOf({ record: { isThread, task } }: Caught): BashJob | undefined {
    if (isThread) return undefined;
    return findJob(this.#heap, this.#tables, [task, ...this.#innerPid(task)]);
  }

  /** The number of a process as it is in its own namespace, where that is another. */
  #innerPid(task: number): number[] {
    const status = readShort(this.#process.root.proc(task, 'status')) ?? '';
    const pid = Number(/^NSpid:.*\t(\d+)$/m.exec(status)?.[1]);
    return Number.isSafeInteger(pid) && pid !== task ? [pid] : [];
  }
}

function frameOf({ file, name }: BashFunction, line: number | undefined): Frame {
  return { function: name, ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }) };
}
