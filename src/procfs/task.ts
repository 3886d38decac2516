import { readdirSync, statSync } from 'node:fs';
import { readText } from './read.ts';
import type { KernelRoot } from './root.ts';
import { parseStat } from './stat.ts';

/** Threads of a process, from the link count of `/proc/PID/task`. It costs 2.6 µs at any number of threads. */
export function countThreads(root: KernelRoot, pid: number): number | undefined {
  try {
    return statSync(root.proc(pid, 'task')).nlink - 2;
  } catch {
    return undefined;
  }
}

/** Thread ids of a process; none when it is gone. */
export function listThreads(root: KernelRoot, pid: number): number[] {
  return listNumbers(root.proc(pid, 'task'));
}

/**
 * The thread whose files show what belongs to the whole process: its main thread, or another one once that has ended
 * (pthread_exit(3)). The memory, the maps and the executable of an ended thread are empty.
 */
export function livingThread(root: KernelRoot, pid: number): number {
  if (!isEnded(root.proc(pid, 'stat'))) return pid;
  return listThreads(root, pid).find((tid) => !isEnded(root.proc(pid, 'task', tid, 'stat'))) ?? pid;
}

/** All processes that `/proc` shows. With hidepid these are only our own. */
export function listProcesses(root: KernelRoot): number[] {
  return listNumbers(root.proc());
}

/** Direct children of the main thread, also dead ones. `undefined` on a kernel without CONFIG_PROC_CHILDREN. */
export function listChildren(root: KernelRoot, pid: number): number[] | undefined {
  return readText(root.proc(pid, 'task', pid, 'children'))
    ?.split(' ')
    .filter(Boolean)
    .map(Number);
}

function listNumbers(path: string): number[] {
  try {
    return readdirSync(path).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function isEnded(path: string): boolean {
  const state = parseStat(readText(path) ?? '')?.state;
  return state === 'Z' || state === 'X';
}
