import { redactWords } from '../../../core/redact.ts';
import type { Frame } from '../../../core/stack.ts';
import { readShort } from '../../../procfs/read.ts';
import type { KernelRoot } from '../../../procfs/root.ts';
import type { ExecRecord, TaskRecord } from '../trace/record.ts';
import { wordsOnStack } from './stackWords.ts';

/** Processes that are remembered. */
const MOST_PROCESSES = 16_384;
/** Command lines of a chain: that of the maker, and of those that made it. */
const MOST_LINES = 4;
/** Makers that are looked at for them: a tree of forks is one program many times. */
const MOST_STEPS = 64;
const MOST_CHARACTERS = 80;

/** What is known of a process. */
export interface Known {
  /** Its command line without secrets, cut to what a line has room for. */
  readonly command?: string;
  /** Of its program, or of its main thread. */
  readonly name?: string;
  /** Who made it. */
  readonly parent?: number;
}

/**
 * The processes of a target by their command lines. It is kept from the records: an orphan keeps its true maker, and one that has
 * ended its name.
 */
export class ProcessBook {
  readonly #root: KernelRoot;
  readonly #known = new Map<number, Known>();

  constructor(root: KernelRoot) {
    this.#root = root;
  }

  /** A task was made. Its maker is looked at now, if it may be: it may be gone soon. */
  made(record: TaskRecord, mayRead = true): void {
    const { isThread, name, pid, task } = record;
    const maker = this.#known.get(pid) ?? {};
    if (maker.command === undefined) {
      const read = mayRead ? readWords(this.#root, pid) : undefined;
      this.#keep(pid, { name, ...maker, ...commandOf(read ?? wordsOnStack(record)) });
    }
    if (!isThread) this.#keep(task, { parent: pid, name });
  }

  /** A process runs another program. */
  begins({ pid, program }: ExecRecord, mayRead = true): void {
    const { parent } = this.#known.get(pid) ?? {};
    const command = mayRead ? commandOf(readWords(this.#root, pid)) : {};
    this.#keep(pid, { name: baseName(program), ...(parent === undefined ? {} : { parent }), ...command });
  }

  of(pid: number): Known {
    return this.#known.get(pid) ?? {};
  }

  /** The command line of a process, then those of its makers; where one is not known, the name of its program. */
  chain(pid: number): Frame[] {
    const frames: Frame[] = [];
    let at: number | undefined = pid;
    // Numbers of processes come again, so a chain may lead back to itself.
    for (let steps = 0; at !== undefined && steps < MOST_STEPS && frames.length < MOST_LINES; steps += 1) {
      const known = this.#known.get(at);
      const text = known?.command ?? known?.name;
      // A child that has not begun a program of its own is its maker once more.
      if (text !== undefined && text !== frames.at(-1)?.function) frames.push({ function: text });
      at = known?.parent;
    }
    return frames;
  }

  #keep(pid: number, known: Known): void {
    this.#known.delete(pid);
    this.#known.set(pid, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_PROCESSES && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `undefined` for one that has ended. */
function readWords(root: KernelRoot, pid: number): readonly string[] | undefined {
  const words = (readShort(root.proc(pid, 'cmdline')) ?? '').split('\0').filter((word) => word !== '');
  return words.length === 0 ? undefined : words;
}

function commandOf(words: readonly string[] = []): Pick<Known, 'command'> {
  const [program, ...others] = redactWords(words);
  if (program === undefined) return {};
  const text = [baseName(program), ...others].join(' ');
  return { command: text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text };
}
