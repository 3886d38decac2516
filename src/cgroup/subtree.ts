import { join } from 'node:path';
import { KeptFile } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { isZombie, readStat } from '../procfs/stat.ts';
import { MemberReader, type Members, readMembers } from './members.ts';
import { RefusalSum } from './refusalSum.ts';
import { isGone, UnreadError } from './unread.ts';

/**
 * A target's cgroup and everything below it, as one. A target may make cgroups of its own below it, as container engines
 * and services with `Delegate=yes` do.
 *
 * Every method throws an `UnreadError` when something exists but cannot be read (no free descriptor, no right). That a
 * cgroup is removed meanwhile is no error.
 */
export interface Subtree {
  /** Tasks of the whole tree (`pids.current` is recursive). Zombies count. `undefined` once the cgroup is gone. */
  tasks(): number | undefined;
  /** Refused creations of the whole tree since it was made. It never goes down. `undefined` where nothing counts them. */
  refusals(): number | undefined;
  /** Processes of the whole tree, each once, of every hierarchy that has the target. v1 lists zombies too. */
  processes(): readonly number[];
  /** Whether a process that is not a zombie is left, in any hierarchy that has the target. */
  isPopulated(): boolean;
  close(): void;
}

/** The directories of one target. They are paths on this machine, already placed under the root. */
export interface SubtreeDirs {
  /** The cgroup whose pids controller counts the target. */
  readonly pids: string | undefined;
  /** Its v2 cgroup: the same directory on v2, one of its own on a hybrid host, `undefined` on plain v1. */
  readonly unified: string | undefined;
}

/**
 * Opens what is read at every look: the files of the top stay open. Nested cgroups are opened for each read, because
 * there may be thousands of them.
 */
export function openSubtree(root: KernelRoot, dirs: SubtreeDirs, now: () => number): Subtree {
  const current = dirs.pids === undefined ? undefined : new KeptFile(join(dirs.pids, 'pids.current'));
  const refusals = dirs.pids === undefined ? undefined : new RefusalSum(dirs.pids, now);
  const events = dirs.unified === undefined ? undefined : new KeptFile(join(dirs.unified, 'cgroup.events'));
  const trees = [...new Set([dirs.pids, dirs.unified])].filter((dir) => dir !== undefined);
  const readers = trees.map((dir) => new MemberReader(dir));
  return {
    tasks: () => {
      const count = current?.readNumber();
      if (typeof count === 'number') return count;
      refuseUnread(current);
      return undefined;
    },
    refusals: () => refusals?.read(),
    processes: () => readAll(readers),
    isPopulated: () => {
      const text = events?.read();
      if (text === undefined) refuseUnread(events);
      if (text?.includes('populated 1') === true) return true;
      // v2 speaks for its own hierarchy only: on a hybrid host a process may have left that one, and not the other.
      const unsaid = text === undefined ? trees : trees.filter((dir) => dir !== dirs.unified);
      return unsaid.some((dir) => hasLive(root, dir));
    },
    close: () => {
      current?.close();
      refusals?.close();
      events?.close();
      for (const reader of readers) reader.close();
    },
  };
}

/** A file that is not there is an answer, and so is one whose cgroup was removed. Any other failure is not. */
function refuseUnread(file: KeptFile | undefined): void {
  if (file?.error !== undefined && !isGone({ code: file.error })) throw new UnreadError(file.path, file.error);
}

/** All trees are read, also after one failed: a kill needs every process that can be found. */
function readAll(readers: readonly MemberReader[]): readonly number[] {
  const pids = new Set<number>();
  let problem: UnreadError | undefined;
  for (const reader of readers) {
    try {
      for (const pid of reader.read().pids) pids.add(pid);
    } catch (error) {
      if (!(error instanceof UnreadError)) throw error;
      problem ??= error;
      for (const pid of error.found) pids.add(pid);
    }
  }
  if (problem !== undefined) throw new UnreadError(problem.path, problem.errno, [...pids]);
  return [...pids];
}

/** `cgroup.procs` of v1 lists processes that are dead and not yet reaped: they are no life. */
function hasLive(root: KernelRoot, dir: string): boolean {
  let members: Members;
  try {
    members = readMembers(dir);
  } catch (error) {
    if (error instanceof UnreadError && error.found.some((pid) => isAlive(root, pid))) return true;
    throw error;
  }
  return members.hasForeign || members.pids.some((pid) => isAlive(root, pid));
}

function isAlive(root: KernelRoot, pid: number): boolean {
  const stat = readStat(root, pid);
  return stat !== undefined && !isZombie(stat);
}
