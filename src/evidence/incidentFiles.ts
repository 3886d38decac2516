import type fs from 'node:fs';
import { join } from 'node:path';
import { errnoOf, GuardError } from '../errors.ts';

/** What is asked of the file system. All of it is synchronous: at a trip no new thread may be needed. */
export type FileCalls = Pick<
  typeof fs,
  | 'closeSync'
  | 'existsSync'
  | 'ftruncateSync'
  | 'mkdirSync'
  | 'mkdtempSync'
  | 'openSync'
  | 'renameSync'
  | 'rmSync'
  | 'writeFileSync'
  | 'writeSync'
>;

/** These are open from the start: at the trip there may be no descriptor and no inode left for them. */
const OPENED_EARLY = ['incident.json', 'limits.json', 'samples.ndjson', 'stacks.folded'];
/** Only their owner may read and write them. */
const FILE_MODE = 0o600;
const DIR_MODE = 0o700;

/** The files of one incident, in a directory that exists and is empty. */
export class IncidentFiles {
  readonly path: string;
  readonly #calls: FileCalls;
  /** Descriptors of files that are not written yet, by name. */
  readonly #opened: Map<string, number>;
  readonly #scratch: string[] = [];
  #isUsed = false;

  constructor(path: string, calls: FileCalls) {
    this.path = path;
    this.#calls = calls;
    this.#opened = new Map(OPENED_EARLY.map((name) => [name, calls.openSync(this.#part(name), 'wx', FILE_MODE)]));
  }

  isUsed(): boolean {
    return this.#isUsed;
  }

  scratch(name: string): string {
    const dir = join(this.path, name);
    this.#calls.mkdirSync(dir, { mode: DIR_MODE });
    this.#scratch.push(dir);
    return dir;
  }

  write(name: string, text: string | Buffer): void {
    const file = join(this.path, name);
    const fd = this.#opened.get(name);
    try {
      // It is written beside the old file first: on a full disk what was there before must stay.
      if (fd === undefined) this.#calls.writeFileSync(this.#part(name), text, { mode: FILE_MODE });
      else {
        this.#calls.ftruncateSync(fd);
        this.#fill(fd, typeof text === 'string' ? Buffer.from(text) : text);
      }
      this.#calls.renameSync(this.#part(name), file);
      this.#close(name);
    } catch (error) {
      this.#clear(name, fd);
      throw new GuardError('no-evidence', `cannot write ${file} (${errnoOf(error)})`, {
        hint: 'free space there, or name another directory with --incident-dir',
        cause: error,
      });
    }
    this.#isUsed = true;
  }

  settle(): void {
    for (const name of [...this.#opened.keys()]) {
      this.#close(name);
      this.#attempt(() => this.#calls.rmSync(this.#part(name), { force: true }));
    }
    const gone = this.#isUsed ? this.#scratch : [this.path];
    for (const dir of gone) this.#calls.rmSync(dir, { recursive: true, force: true });
  }

  #part(name: string): string {
    return join(this.path, `${name}.part`);
  }

  #close(name: string): void {
    const fd = this.#opened.get(name);
    this.#opened.delete(name);
    if (fd !== undefined) this.#calls.closeSync(fd);
  }

  /** Writes by position: after a write that failed half way the descriptor stands in the middle. */
  #fill(fd: number, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) at += this.#calls.writeSync(fd, bytes, at, bytes.length - at, at);
  }

  /** Half a document is worse than none, and on a full disk it holds the last free blocks. */
  #clear(name: string, fd: number | undefined): void {
    this.#attempt(() => {
      if (fd === undefined) this.#calls.rmSync(this.#part(name), { force: true });
      else this.#calls.ftruncateSync(fd);
    });
  }

  /** A step that may fail: the file is not ours, or the disk is gone. The error that brought us there says more. */
  #attempt(step: () => void): void {
    try {
      step();
    } catch {
      // See above: there is nothing left to do.
    }
  }
}
