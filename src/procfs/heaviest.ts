import type { KernelRoot } from './root.ts';
import { countThreads } from './task.ts';

/** A process and how many threads it has now. */
export interface ThreadCount {
  readonly pid: number;
  readonly threads: number;
}

/** Processes by their threads, the most first, equal ones in the order given. Those that are gone are left out. */
export function byThreads(root: KernelRoot, pids: readonly number[]): ThreadCount[] {
  return pids
    .map((pid) => ({ pid, threads: countThreads(root, pid) ?? 0 }))
    .filter(({ threads }) => threads > 0)
    .sort((a, b) => b.threads - a.threads);
}
