import { readlinkSync } from 'node:fs';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { listChildren } from '../procfs/task.ts';

/** A process and the start by which it is known again. */
export interface GuardedCommand {
  readonly pid: number;
  /** `undefined` when it has ended already. */
  readonly startTime: number | undefined;
}

/** What Node calls a pipe is a pair of sockets. */
const FROM_GUARD = /^(pipe|socket):/;

/**
 * The command that a guard runs, found among the children of the guard. `undefined` while there is none. A child may still
 * turn into something else, so only one that is the same at two looks is meant.
 */
export function guardedCommand(root: KernelRoot, guard: number): GuardedCommand | undefined {
  const program = readText(root.proc(guard, 'cmdline'));
  const pid = listChildren(root, guard)?.find((one) => !isFork(root, one, program) && !isHelper(root, one, guard));
  return pid === undefined ? undefined : { pid, startTime: readStat(root, pid)?.startTime };
}

/** Before its exec a child is a copy of the guard, whose command line nothing else has. */
function isFork(root: KernelRoot, pid: number, program: string | undefined): boolean {
  return program !== undefined && program !== '' && readText(root.proc(pid, 'cmdline')) === program;
}

/**
 * A helper of the guard leads a session of its own, and waits for a word on a pipe. Without a terminal the command leads a
 * session too, but it has the stdin of the guard, which is no pipe.
 */
function isHelper(root: KernelRoot, pid: number, guard: number): boolean {
  const session = readStat(root, pid)?.session;
  return session === pid && session !== readStat(root, guard)?.session && FROM_GUARD.test(stdinOf(root, pid));
}

/** Empty where it may not be read: a command of another user, never a helper. */
function stdinOf(root: KernelRoot, pid: number): string {
  try {
    return readlinkSync(root.proc(pid, 'fd', 0));
  } catch {
    return '';
  }
}
