import { statSync } from 'node:fs';
import type { KernelRoot } from './root.ts';
import { readStat } from './stat.ts';
import { readStatus } from './status.ts';
import { listProcesses, listThreads } from './task.ts';

/** Process group and session of a process by a call of libc: no file is opened. 0 when the process is gone. */
export interface IdCalls {
  getpgid(pid: number): number;
  getsid(pid: number): number;
}

/** How the numbers of a pid namespace are used, as `/proc` shows it. */
export interface IdUse {
  /** All tasks, with zombies. */
  readonly tasks: number;
  /** Those of them whose number is not in the range: a reserved one, or one from before the limit was lowered. */
  readonly outside: number;
  /** Numbers that only a process group or a session holds, because its leader is gone. */
  readonly pinned: number;
}

/**
 * Counts what holds numbers in our pid namespace. A number is free again only when no task, no process group and no
 * session has it (struct pid, kernel/pid.c): 100 sessions whose leader has ended hold 100 numbers that nr_threads does
 * not show. 5,000 processes take about 25 ms with `calls`, and 60 ms without.
 */
export function countIds(
  root: KernelRoot,
  range: { readonly from: number; readonly below: number },
  calls?: IdCalls,
): IdUse {
  const isInside = (id: number): boolean => id >= range.from && id < range.below;
  const pids = listProcesses(root);
  const alive = new Set(pids);
  const pinned = new Set<number>();
  let tasks = 0;
  let outside = 0;
  for (const pid of pids) {
    let threads: number;
    try {
      threads = statSync(root.proc(pid, 'task')).nlink - 2;
    } catch {
      continue;
    }
    tasks += threads;
    if (!isInside(pid)) outside += threads === 1 ? 1 : listThreads(root, pid).filter((tid) => !isInside(tid)).length;
    const [pgrp, session] = groupOf(root, pid, calls);
    if (isInside(pgrp) && !alive.has(pgrp)) pinned.add(pgrp);
    if (isInside(session) && !alive.has(session)) pinned.add(session);
  }
  return { tasks, outside, pinned: pinned.size };
}

function groupOf(root: KernelRoot, pid: number, calls: IdCalls | undefined): [pgrp: number, session: number] {
  if (calls !== undefined) return [calls.getpgid(pid), calls.getsid(pid)];
  const stat = readStat(root, pid);
  return [stat?.pgrp ?? 0, stat?.session ?? 0];
}

/**
 * Tasks that count against RLIMIT_NPROC of a real uid. The owner of `/proc/PID` is the effective uid, or root for a
 * process that is not dumpable. A process whose real uid differs from its effective one is never dumpable (commit_creds,
 * begin_new_exec). So the status is read only for processes of root; for others the owner is enough. `undefined` when
 * `isLate` said so on the way.
 */
export function countUidTasks(root: KernelRoot, uid: number, isLate: () => boolean = () => false): number | undefined {
  let tasks = 0;
  for (const pid of listProcesses(root)) {
    if (isLate()) return undefined;
    try {
      const { nlink, uid: owner } = statSync(root.proc(pid, 'task'));
      if (owner === 0 ? readStatus(root, pid)?.uid === uid : owner === uid) tasks += nlink - 2;
    } catch {
      // It ended between the list and the look.
    }
  }
  return tasks;
}
