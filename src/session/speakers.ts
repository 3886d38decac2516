import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import type { IsSpeaker } from '../service/commandRelay.ts';

/** What is known of the run that is under way. */
export interface Speaking {
  readonly root: KernelRoot;
  /** The pid of the guard. */
  readonly guard: number;
  /** Processes that the guard made for itself. */
  readonly own: ReadonlySet<number>;
  /** Whether orphans of the command come to the guard. */
  readonly isReaper: boolean;
  readonly now: () => number;
  readonly current: { readonly pid: number | undefined; readonly processes: () => readonly number[] };
}

/** Deeper trees are asked for by the list of the target alone. */
const DEEPEST = 256;
/** The list of a target with thousands of processes takes milliseconds: one that is asked for often does it no more. */
const LIST_MS = 100;

/**
 * Who may speak for the command (`--notify child`): its first process, all that descends from it, and all that is in its
 * cgroup or its known tree. This is `NotifyAccess=all` of systemd. A helper such as systemd-notify is one of them while it
 * lives; of one that has ended nobody can say to whom it belonged, and systemd does not take its word either.
 */
export function speakersOf({ current, guard, isReaper, now, own, root }: Speaking): IsSpeaker {
  const descends = (from: number, main: number): boolean => {
    let pid = from;
    for (let depth = 0; depth < DEEPEST; depth += 1) {
      if (pid === main) return true;
      if (pid <= 1 || pid === guard || own.has(pid)) return false;
      const parent = readStat(root, pid)?.ppid;
      if (parent === undefined) return false;
      // An orphan of the command: nothing else that is not the guard's own comes to it.
      if (parent === guard && isReaper) return true;
      pid = parent;
    }
    return false;
  };
  let list = { atMs: Number.NEGATIVE_INFINITY, of: 0, pids: new Set<number>() };
  const isListed = (pid: number, main: number): boolean => {
    if (now() - list.atMs >= LIST_MS || list.of !== main)
      list = { atMs: now(), of: main, pids: new Set(current.processes()) };
    return list.pids.has(pid);
  };
  return ({ pid }) => {
    const main = current.pid;
    if (main === undefined || pid <= 0 || pid === guard || own.has(pid)) return false;
    return pid === main || descends(pid, main) || isListed(pid, main);
  };
}
