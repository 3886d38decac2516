import { readShort } from '../../procfs/read.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { parseStat } from '../../procfs/stat.ts';
import { livingThread } from '../../procfs/task.ts';

/** Where the kernel keeps the frozen (kernel/freezer.c and kernel/signal.c). */
const FROZEN = /refrigerator|do_freezer_trap/;

/**
 * What a reader must know of the state of a whole process: its threads are told by the calls that they were in before. By
 * whom it was stopped is not known, so this is for those who did not do it themselves.
 */
export function standstillNotes(root: KernelRoot, pid: number): string[] {
  const tid = livingThread(root, pid);
  const state = parseStat(readShort(root.proc(pid, 'task', tid, 'stat')) ?? '')?.state;
  const notes = tid === pid ? [] : [`the main thread of process ${pid} has ended, and others live on`];
  const told = 'its threads are told by what they were in before';
  if (state === 'T') return [...notes, `process ${pid} is stopped (SIGSTOP, SIGTSTP): ${told}`];
  if (state === 't') return [...notes, `process ${pid} is stopped by a debugger: ${told}`];
  const channel = state === 'D' || state === 'S' ? readShort(root.proc(pid, 'task', tid, 'wchan')) : undefined;
  if (channel !== undefined && FROZEN.test(channel)) notes.push(`process ${pid} is frozen by its cgroup: ${told}`);
  return notes;
}
