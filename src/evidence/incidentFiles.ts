import type fs from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { errnoOf, GuardError } from '../errors.ts';
import { type OwnDir, openOwnDir, removeTree } from '../sys/ownDir.ts';

/** What is asked of the file system. All of it is synchronous: at a trip no new thread may be needed. */
export type FileCalls = Pick<
  typeof fs,
  | 'closeSync'
  | 'ftruncateSync'
  | 'mkdirSync'
  | 'mkdtempSync'
  | 'openSync'
  | 'renameSync'
  | 'unlinkSync'
  | 'writeFileSync'
  | 'writeSync'
>;

/** These are open from the start: at the trip there may be no descriptor and no inode left for them. */
const OPENED_EARLY = ['incident.json', 'limits.json', 'samples.ndjson', 'stacks.folded'];
/** Only their owner may read and write them. */
const FILE_MODE = 0o600;
const DIR_MODE = 0o700;

/**
 * Others may pass through the directories above but not look around in them: below them lie directories of services that run
 * as somebody else. Each incident belongs to its owner alone.
 */
const PARENT_MODE = 0o711;

/** The files of one incident, in a directory that is made for it and held by a descriptor until the end. */
export class IncidentFiles {
  readonly path: string;
  readonly #calls: FileCalls;
  readonly #parent: OwnDir;
  readonly #dir: OwnDir;
  /** Descriptors of files that are not written yet, by name. */
  readonly #opened = new Map<string, number>();
  readonly #scratch: string[] = [];
  #isUsed = false;
  /** The descriptors are closed: by now their numbers may belong to other files. */
  #isSettled = false;

  /** Makes it in `parent`, which is made too if it is missing. Throws the system error, or a GuardError for a parent of others. */
  constructor(parent: string, prefix: string, calls: FileCalls) {
    this.#calls = calls;
    this.#parent = openOwnDir(parent, PARENT_MODE);
    try {
      const name = basename(calls.mkdtempSync(this.#parent.at(prefix)));
      this.path = join(resolve(parent), name);
      this.#dir = openOwnDir(this.path, undefined);
    } catch (error) {
      this.#parent.close();
      throw error;
    }
    try {
      for (const file of OPENED_EARLY) this.#opened.set(file, calls.openSync(this.#part(file), 'wx', FILE_MODE));
    } catch (error) {
      this.settle();
      throw error;
    }
  }

  isUsed(): boolean {
    return this.#isUsed;
  }

  scratch(name: string): string {
    this.#calls.mkdirSync(this.#dir.at(name), { mode: DIR_MODE });
    this.#scratch.push(name);
    return join(this.path, name);
  }

  write(name: string, text: string | Buffer): void {
    const fd = this.#opened.get(name);
    try {
      // It is written beside the old file first: on a full disk what was there before must stay.
      if (fd === undefined) this.#calls.writeFileSync(this.#part(name), text, { mode: FILE_MODE, flag: 'wx' });
      else {
        this.#calls.ftruncateSync(fd);
        this.#fill(fd, typeof text === 'string' ? Buffer.from(text) : text);
      }
      this.#calls.renameSync(this.#part(name), this.#dir.at(name));
      this.#close(name);
    } catch (error) {
      this.#clear(name, fd);
      throw new GuardError('no-evidence', `cannot write ${join(this.path, name)} (${errnoOf(error)})`, {
        hint: 'free space there, or name another directory with --incident-dir',
        cause: error,
      });
    }
    this.#isUsed = true;
  }

  settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    for (const name of [...this.#opened.keys()]) {
      this.#close(name);
      this.#attempt(() => this.#calls.unlinkSync(this.#part(name)));
    }
    for (const name of this.#scratch) removeTree(this.#dir, name);
    this.#dir.close();
    if (!this.#isUsed) removeTree(this.#parent, basename(this.path));
    this.#parent.close();
  }

  #part(name: string): string {
    return this.#dir.at(`${name}.part`);
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
      if (fd === undefined) this.#calls.unlinkSync(this.#part(name));
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
