import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../errors.ts';
import { KeptFile, readOrThrow } from '../procfs/read.ts';
import { isGone, UnreadError } from './unread.ts';

/**
 * A target may make as many cgroups as it likes, so both are bounded. A node of Kubernetes with 250 pods has about
 * 1,000 cgroups, six levels deep.
 */
const MOST_CGROUPS = 4_096;
const MOST_LEVELS = 32;

/** A cgroup of a threaded domain lists its threads only. The root of that domain lists the processes. */
const THREADED: ReadonlySet<string> = new Set(['ENOTSUP', 'EOPNOTSUPP']);

/** One listing of a tree of cgroups. */
export interface CgroupListing {
  /** Directories, the top first, every parent before its children. Empty when the top is gone. */
  readonly dirs: readonly string[];
  /** The first directory that exists and could not be listed; then `dirs` is not all. */
  readonly unread: { readonly path: string; readonly errno: string } | undefined;
}

/** Lists a cgroup and the cgroups below it, `most` in all. A cgroup that is removed meanwhile is left out. */
export function listCgroups(top: string, most: number = MOST_CGROUPS): CgroupListing {
  const dirs: string[] = [];
  let unread: CgroupListing['unread'];
  let level = [top];
  for (let depth = 0; level.length > 0; depth += 1) {
    const below: string[] = [];
    for (const dir of level) {
      try {
        const entries = readdirSync(dir, { withFileTypes: true });
        dirs.push(dir);
        for (const entry of entries) if (entry.isDirectory()) below.push(join(dir, entry.name));
      } catch (error) {
        if (!isGone(error)) unread ??= { path: dir, errno: errnoOf(error) };
      }
    }
    const room = depth + 1 < MOST_LEVELS ? most - dirs.length : 0;
    if (below.length > room) unread ??= { path: below[room] as string, errno: 'E2BIG' };
    level = below.slice(0, room);
  }
  return { dirs, unread };
}

/** The processes of a tree of cgroups. */
export interface Members {
  /** Each process once. */
  readonly pids: readonly number[];
  /** The kernel lists a process of a foreign pid namespace as 0: it is there, and no signal of ours can reach it. */
  readonly hasForeign: boolean;
}

/** Processes of a cgroup and of every cgroup below it. Throws an `UnreadError` when a part could not be read. */
export function readMembers(top: string): Members {
  const { dirs, unread } = listCgroups(top);
  const pids = new Set<number>();
  let problem = unread;
  for (const dir of dirs) {
    const path = join(dir, 'cgroup.procs');
    try {
      for (const pid of parseProcs(readOrThrow(path))) pids.add(pid);
    } catch (error) {
      const errno = errnoOf(error);
      if (!isGone(error) && !(dir !== top && THREADED.has(errno))) problem ??= { path, errno };
    }
  }
  const hasForeign = pids.delete(0);
  if (problem !== undefined) throw new UnreadError(problem.path, problem.errno, [...pids]);
  return { pids: [...pids], hasForeign };
}

/**
 * The processes of one tree, for who asks again and again. Most targets have no cgroup below their own: then three short calls
 * on a file that stays open do instead of nine.
 */
export class MemberReader {
  readonly #top: string;
  readonly #procs: KeptFile;

  constructor(top: string) {
    this.#top = top;
    this.#procs = new KeptFile(join(top, 'cgroup.procs'));
  }

  /** Throws an `UnreadError` when a part could not be read. */
  read(): Members {
    const text = hasNoneBelow(this.#top) ? this.#procs.readAll() : undefined;
    // Whatever is the matter, the slow way says it.
    if (text === undefined) return readMembers(this.#top);
    const pids = new Set(parseProcs(text));
    const hasForeign = pids.delete(0);
    return { pids: [...pids], hasForeign };
  }

  close(): void {
    this.#procs.close();
  }
}

/** A directory has a link for its name, one for itself, and one for each directory in it. */
function hasNoneBelow(dir: string): boolean {
  return statSync(dir, { throwIfNoEntry: false })?.nlink === 2;
}

/** `4711\n4712\n`, on v1 in no order and with repetitions. A 0 is a process of a foreign pid namespace. */
export function parseProcs(text: string): number[] {
  return text.split('\n').filter(Boolean).map(Number).filter(Number.isInteger);
}
