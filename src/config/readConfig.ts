import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, GuardError } from '../errors.ts';

/** A larger file is not a configuration, and a device would never end. */
const MOST_BYTES = 1 << 20;
const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
const STICKY = 0o1000;

/**
 * The text of a configuration file. It names commands that the guard runs. So when root reads it, nobody else may be able
 * to write it or to replace it. Throws a GuardError where it cannot be used.
 */
export function readConfigText(path: string): string {
  const refuse = (why: string, hint: string, cause?: unknown): GuardError =>
    new GuardError('bad-config', `cannot use the configuration ${path}: ${why}`, { hint, cause });
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw refuse(errnoOf(error), 'name a file that can be read with --config', error);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw refuse('it is not a regular file', 'name a YAML file with --config');
    if (process.geteuid?.() === 0) {
      const writer = whoElseWrites(stat) ?? whoElseReplaces(path);
      if (writer !== undefined) throw refuse(`${writer}, and root would run what it says`, 'chown root, chmod go-w');
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

interface Owned {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

function whoElseWrites({ gid, mode, uid }: Owned): string | undefined {
  if (uid !== 0) return `it belongs to uid ${uid}`;
  if ((mode & OTHERS_WRITE) !== 0) return 'everybody may write it';
  return (mode & GROUP_WRITES) !== 0 && gid !== 0 ? `gid ${gid} may write it` : undefined;
}

function whoElseReplaces(path: string): string | undefined {
  const { gid, mode, uid } = statSync(dirname(path));
  if ((mode & STICKY) !== 0) return undefined;
  const why = whoElseWrites({ gid, mode, uid });
  return why === undefined ? undefined : `of its directory: ${why}`;
}
