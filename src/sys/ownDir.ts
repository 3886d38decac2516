import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { inside, systemError, walkPath } from './pathWalk.ts';
import { type Trust, trustOfProcess, trustRules, UntrustedPath, whyNotOwn, whyUnsafe } from './trust.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/**
 * A directory for files of the guard. It is held by a descriptor, and on the way to it nobody but root, the user of the
 * guard and who called sudo could have changed what a name means.
 */
export interface OwnDir {
  readonly fd: number;
  /** The path of a name in it, for calls that take a path. */
  at(name: string): string;
  close(): void;
}

/** A file by its directory and name. Its last component is no link, or one of the kernel's own. */
export interface OwnName extends OwnDir {
  readonly name: string;
  readonly isKernelLink: boolean;
}

/** Opens a directory. With `makeMode` it and its parents are made where they are missing. */
export function openOwnDir(path: string, makeMode: number | undefined, trust: Trust = trustOfProcess()): OwnDir {
  const { fd } = walkPath('/', resolve(path), trustRules(trust, makeMode), 'directory');
  return ownDir(fd);
}

/** Opens the directory of a file, and says by which name it is found there. Links that somebody trusted made are followed. */
export function openOwnName(path: string, trust: Trust = trustOfProcess()): OwnName {
  const { fd, isProc, name } = walkPath('/', resolve(path), trustRules(trust, undefined));
  return { ...ownDir(fd), name, isKernelLink: isProc };
}

/**
 * Opens a file of the guard for writing, made with `mode` if it is missing. Throws a GuardError for a file that somebody else
 * owns, or that has a second name: what is written there would be written somewhere else.
 */
export function openOwnFile(path: string, flags: number, mode: number, trust: Trust = trustOfProcess()): number {
  const place = openOwnName(path, trust);
  try {
    const nofollow = place.isKernelLink ? 0 : O_NOFOLLOW;
    const fd = openSync(place.at(place.name), flags | O_NONBLOCK | nofollow, mode);
    const stat = fstatSync(fd);
    if (!place.isKernelLink && stat.isFile()) {
      const why = whyNotOwn(stat, trust);
      if (why !== undefined) {
        closeSync(fd);
        throw new UntrustedPath(path, why, 'remove it, or name another file');
      }
    }
    return fd;
  } finally {
    place.close();
  }
}

/**
 * The text of a file of the guard. Throws the system error, EINVAL for what is no file and EFBIG for one that is too long, or a
 * GuardError for one that somebody else may have written.
 */
export function readOwnFile(path: string, mostBytes: number, trust: Trust = trustOfProcess()): string {
  const fd = openOwnFile(path, O_RDONLY, 0, trust);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw systemError('EINVAL', path);
    const why = whyUnsafe(stat, trust);
    if (why !== undefined) throw new UntrustedPath(path, why, 'remove it, or give it to this user alone');
    if (stat.size > mostBytes) throw systemError('EFBIG', path);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** Writes a file of the guard anew. A terminal, a pipe or a descriptor (`/dev/stdout`) gets the text as well. The same errors. */
export function writeOwnFile(path: string, text: string, mode: number, trust: Trust = trustOfProcess()): void {
  const fd = openOwnFile(path, O_WRONLY | O_CREAT, mode, trust);
  try {
    // Not before it was looked at: O_TRUNC would empty what only turns out to be somebody else's.
    if (fstatSync(fd).isFile()) ftruncateSync(fd);
    writeFileSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

/** Writes a whole file in the place of the old one, or leaves the old one. What is in its place is replaced, never written to. */
export function replaceIn(dir: OwnDir, name: string, text: string, mode: number): void {
  const part = dir.at(`.${name}.${process.pid}.part`);
  removeFile(part);
  const fd = openSync(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    // The mode of an open is cut by the umask.
    fchmodSync(fd, mode);
    writeFileSync(fd, text);
    renameSync(part, dir.at(name));
  } catch (error) {
    removeFile(part);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Throws the system error if no file can be made in a directory. */
export function probeIn(dir: OwnDir): void {
  const path = dir.at(`.${process.pid}.probe`);
  closeSync(openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
  unlinkSync(path);
}

/**
 * Removes a directory of the guard with all that is in it. Every step is made from a held directory, and a link is removed,
 * not followed. False for one that is not the guard's own: nothing of it is touched.
 */
export function removeTree(dir: OwnDir, name: string, trust: Trust = trustOfProcess()): boolean {
  let fd: number;
  try {
    fd = openSync(dir.at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch {
    return false;
  }
  try {
    if (fstatSync(fd).uid !== trust.uid) return false;
    const here = { fd, at: (one: string) => inside(fd, one), close: () => {} };
    for (const entry of readdirSync(`/proc/self/fd/${fd}`, { withFileTypes: true })) {
      if (entry.isDirectory()) removeTree(here, entry.name, trust);
      else removeFile(here.at(entry.name));
    }
    rmdirSync(dir.at(name));
    return true;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}

function ownDir(fd: number): OwnDir {
  return { fd, at: (name) => inside(fd, name), close: () => closeSync(fd) };
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there, or it cannot be removed: whoever writes next finds out.
  }
}
