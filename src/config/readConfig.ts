import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { errnoOf, GuardError } from '../errors.ts';
import { type Reader, walkWay, whoElseWrites } from './trusted.ts';

/** A larger file is not a configuration, and a device would never end. */
const MOST_BYTES = 1 << 20;

/**
 * The text of a configuration file. It names commands that the guard runs, so nobody but root and the user of the guard may
 * be able to write it, or to put another one in its place. Throws a GuardError where it cannot be used.
 */
export function readConfigText(path: string): string {
  const refuse = (why: string, hint: string, cause?: unknown): GuardError =>
    new GuardError('bad-config', `cannot use the configuration ${path}: ${why}`, { hint, cause });
  let fd: number;
  try {
    // A FIFO without a writer would be waited for.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    throw refuse(errnoOf(error), 'name a file that can be read with --config', error);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw refuse('it is not a regular file', 'name a YAML file with --config');
    const reader = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
    const stranger = strangerTo(path, stat, reader);
    if (stranger !== undefined) {
      const user = reader.uid === 0 ? 'root' : `uid ${reader.uid}`;
      const hint = `give it and every directory above it to ${user}, and chmod go-w; /etc is such a place`;
      throw refuse(`${stranger}, and ${user} would run what it says`, hint);
    }
    const bytes = Buffer.alloc(MOST_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length <= MOST_BYTES; length += read)
      read = readSync(fd, bytes, length, bytes.length - length, null);
    if (length > MOST_BYTES) throw refuse('it is larger than 1 MiB', 'name the right file with --config');
    return bytes.toString('utf8', 0, length);
  } catch (error) {
    throw error instanceof GuardError ? error : refuse(errnoOf(error), 'look at the file', error);
  } finally {
    closeSync(fd);
  }
}

/** Who else decides what is read, in words; `undefined` for nobody. */
function strangerTo(path: string, opened: Stats, reader: Reader): string | undefined {
  const writer = whoElseWrites(opened, reader);
  if (writer !== undefined) return `it ${writer}`;
  const { end, stranger } = walkWay(path, reader);
  if (stranger !== undefined) return stranger;
  // What was looked at is what was opened.
  return end.dev === opened.dev && end.ino === opened.ino ? undefined : 'it was replaced while it was read';
}
