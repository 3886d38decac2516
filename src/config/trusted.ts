import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
/** As many links as the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

/** What is known of the owner of a file. */
export type Owned = Pick<Stats, 'uid' | 'gid' | 'mode'>;

/** For whom files are to be trusted. */
export interface Reader {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Who else than root and the reader may write it: a piece of a sentence, `undefined` for nobody. The group of root and the
 * reader's own group count as theirs.
 */
export function whoElseWrites({ gid, mode, uid }: Owned, reader: Reader): string | undefined {
  if (uid !== 0 && uid !== reader.uid) return `belongs to uid ${uid}`;
  if ((mode & OTHERS_WRITE) !== 0) return 'may be written by everybody';
  return (mode & GROUP_WRITES) !== 0 && gid !== 0 && gid !== reader.gid ? `may be written by gid ${gid}` : undefined;
}

/** The way to a file, as it was found. */
export interface Way {
  /** The file at its end, no link any more. */
  readonly end: Stats;
  /** Who else could put another file in its place, with the directory: `/srv/a belongs to uid 1000`. */
  readonly stranger: string | undefined;
}

/** Where a path is looked up. */
export interface PathCalls {
  lstat(path: string): Stats;
  readlink(path: string): string;
}

const REAL: PathCalls = { lstat: (path) => lstatSync(path), readlink: (path) => readlinkSync(path) };

/**
 * Goes the way to a file, link by link, and looks at every directory on it, up to the root. Whoever may write one of them
 * can put another in the place of what lies below. A sticky bit does not help: the owner of the directory is not bound by it,
 * and in `/tmp` everybody may take a name that is free for a moment. This is what sshd asks of `authorized_keys`
 * (StrictModes). Throws what lstat(2) says.
 */
export function walkWay(path: string, reader: Reader, calls: PathCalls = REAL): Way {
  let at = '/';
  let end = calls.lstat(at);
  let stranger = strangerOf(at, end, reader);
  const left = partsOf(resolve(path));
  for (let links = 0; left.length > 0; ) {
    const part = left.shift() as string;
    if (part === '..') {
      at = dirname(at);
      end = calls.lstat(at);
      continue;
    }
    const next = join(at, part);
    const found = calls.lstat(next);
    if (found.isSymbolicLink()) {
      links += 1;
      if (links > MOST_LINKS) throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
      const target = calls.readlink(next);
      left.unshift(...partsOf(target));
      if (target.startsWith('/')) at = '/';
      continue;
    }
    at = next;
    end = found;
    if (found.isDirectory()) stranger ??= strangerOf(at, found, reader);
  }
  return { end, stranger };
}

function strangerOf(path: string, stat: Stats, reader: Reader): string | undefined {
  const why = whoElseWrites(stat, reader);
  return why === undefined ? undefined : `${path} ${why}`;
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
