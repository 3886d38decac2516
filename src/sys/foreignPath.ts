import { closeSync, constants, fstatSync, opendirSync, openSync, readSync, type Stats, unlinkSync } from 'node:fs';
import { inside, O_PATH, systemError, walkPath } from './pathWalk.ts';

/**
 * Paths that a target names: a file that it has mapped, where its report lies, its attach socket. The target may be hostile
 * and may change them at any moment, while the guard has the rights of root. So they are resolved inside the root of the
 * target. Links are followed only where root made them. Only what is wanted is ever opened: a FIFO would wait for its
 * writer, and to open a device does something to it.
 */

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** A call that opens a path with O_PATH, inside of a directory and without any link: openat2(2). */
export interface Beneath {
  /** A descriptor; `undefined` where there is no such call, or a link on the way. */
  openBeneath(topFd: number, path: string): number | undefined;
}

/** What must be true of a file before it is read. */
export interface Wanted {
  readonly kind: 'file' | 'directory' | 'socket';
  /** Its owner; any if that is not given. */
  readonly uid?: number;
}

/** A file that is held: whatever happens to its name, it stays this one. */
export interface Held {
  /** Opened with O_PATH. It belongs to the caller. */
  readonly fd: number;
  readonly stat: Stats;
  /** The kernel's own link to it, for calls that take a path. */
  readonly path: string;
}

/** Holds what a path inside of `top` stands for. Throws the system error; ELOOP for a link, EPERM for what is not wanted. */
export function holdForeign(top: string, path: string, wanted: Wanted, calls?: Beneath): Held {
  return checked(openHeld(top, path, calls), path, wanted);
}

/** Holds what a link of the kernel leads to (`/proc/PID/exe`, `/proc/PID/fd/1`). The same errors. */
export function holdKernelLink(link: string, wanted: Wanted): Held {
  return checked(openSync(link, O_PATH), link, wanted);
}

/** A descriptor to read with. A regular file never waits. It belongs to the caller, and so does `held` still. */
export function openHeldFile({ path }: Held): number {
  return openSync(path, O_RDONLY | O_NONBLOCK);
}

/** Up to `mostBytes` of a held file from its beginning. */
export function readHeld(held: Held, mostBytes: number): Buffer {
  const fd = openHeldFile(held);
  try {
    const bytes = Buffer.alloc(Math.min(mostBytes, held.stat.size));
    let length = 0;
    for (;;) {
      const got = readSync(fd, bytes, length, bytes.length - length, length);
      length += got;
      if (got === 0 || length === bytes.length) return bytes.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}

/** Up to `most` names of a held directory: it may have been filled with millions. */
export function listHeld({ path }: Held, most: number): string[] {
  const names: string[] = [];
  const directory = opendirSync(path);
  try {
    while (names.length < most) {
      const entry = directory.readSync();
      if (entry === null) break;
      names.push(entry.name);
    }
  } finally {
    directory.closeSync();
  }
  return names;
}

/** Holds a name of a held directory. Its link is not followed. */
export function holdIn(directory: Held, name: string, wanted: Wanted): Held {
  return checked(openSync(inside(directory.fd, plain(name)), O_PATH | O_NOFOLLOW), name, wanted);
}

/** Removes a name from the directory that is held, whatever its path leads to by now. */
export function unlinkIn(directory: Held, name: string): void {
  unlinkSync(inside(directory.fd, plain(name)));
}

export function release(held: Held | undefined): void {
  if (held !== undefined) closeSync(held.fd);
}

function openHeld(top: string, path: string, calls: Beneath | undefined): number {
  const topFd = openSync(top, O_PATH | O_DIRECTORY);
  try {
    const fd = calls?.openBeneath(topFd, path === '' ? '.' : path);
    if (fd !== undefined) return fd;
  } finally {
    closeSync(topFd);
  }
  const { fd: parent, name } = walkPath(top, path, { link: ofRoot });
  try {
    return openSync(inside(parent, name), O_PATH | O_NOFOLLOW);
  } finally {
    closeSync(parent);
  }
}

/** `/lib` is a link to `/usr/lib` on every host: root made it. */
function ofRoot({ uid }: Stats, path: string): void {
  if (uid !== 0) throw systemError('ELOOP', path);
}

function checked(fd: number, path: string, { kind, uid }: Wanted): Held {
  const stat = fstatSync(fd);
  const isKind = kind === 'file' ? stat.isFile() : kind === 'directory' ? stat.isDirectory() : stat.isSocket();
  // A second name may be a link to somebody else's file that was made where links are not protected.
  const isOwn = uid === undefined || (stat.uid === uid && (kind !== 'file' || stat.nlink <= 1));
  if (isKind && isOwn) return { fd, stat, path: `/proc/self/fd/${fd}` };
  closeSync(fd);
  throw systemError('EPERM', path);
}

function plain(name: string): string {
  if (name.includes('/') || name === '..' || name === '') throw systemError('EPERM', name);
  return name;
}
