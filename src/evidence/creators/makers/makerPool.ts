import type { ReadLimits } from '../../elf/readLimits.ts';
import { ElfFiles } from '../../native/elfFiles.ts';
import type { TaskRecord } from '../trace/record.ts';
import { Maker, type MakerSystem } from './maker.ts';

/** Processes that are open at once: each holds a descriptor. */
const MOST_OPEN = 8;
/** One that could not be opened is tried again after this time. */
const AGAIN_MS = 20;
/** For the files of all makers together: an unstripped browser has 110 MB of symbols. */
const MOST_FILE_BYTES = 256 << 20;

interface Opened {
  /** `undefined` for one that could not be read. */
  readonly maker: Maker | undefined;
  readonly atMs: number;
}

/** The processes that make tasks, as far as they are open. */
export class MakerPool {
  readonly #system: MakerSystem;
  readonly #now: () => number;
  readonly #files: ElfFiles;
  readonly #opened = new Map<number, Opened>();
  #endMs = 0;

  constructor(system: MakerSystem) {
    this.#system = system;
    this.#now = system.now;
    this.#files = new ElfFiles(this.#limits());
  }

  /** What is read of files from now on may take so long. What is not found by then counts as not there. */
  within(ms: number): void {
    this.#endMs = this.#now() + ms;
  }

  /** The maker of a record; `undefined` if it cannot be read. One that is open is kept after its process has ended. */
  of({ pid }: Pick<TaskRecord, 'pid'>): Maker | undefined {
    const known = this.#opened.get(pid);
    const isUsed = known !== undefined && (known.maker !== undefined || this.#now() - known.atMs < AGAIN_MS);
    const maker = isUsed ? known.maker : Maker.open(pid, this.#files, this.#system);
    // The one that was used last is closed last.
    this.#opened.delete(pid);
    this.#opened.set(pid, { maker, atMs: isUsed ? known.atMs : this.#now() });
    const [oldest] = this.#opened.keys();
    if (this.#opened.size > MOST_OPEN && oldest !== undefined) this.forget(oldest);
    return maker;
  }

  /** The same without opening it: its process runs another program by now. */
  ifOpen({ pid }: TaskRecord): Maker | undefined {
    return this.#opened.get(pid)?.maker;
  }

  /** What was told of its stacks stays. */
  forget(pid: number): void {
    this.#opened.get(pid)?.maker?.close();
    this.#opened.delete(pid);
  }

  close(): void {
    for (const pid of [...this.#opened.keys()]) this.forget(pid);
    this.#files.close();
    this.#system.notes?.close();
  }

  #limits(): ReadLimits {
    let leftBytes = MOST_FILE_BYTES;
    return {
      isOver: () => this.#now() >= this.#endMs,
      mayLoad: (bytes) => {
        if (!(bytes <= leftBytes)) return false;
        leftBytes -= bytes;
        return true;
      },
    };
  }
}
