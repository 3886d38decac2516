import type { Baseline } from '../core/groupGrowth.ts';
import { countNames } from '../core/threadName.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { listThreads } from '../procfs/task.ts';
import { readName } from './process/kernelThread.ts';

const MOST_MS = 100;
/** `/proc` counts in hundredths of a second, whatever the kernel was built with (USER_HZ). */
const TICKS_PER_SECOND = 100;

/**
 * The threads of a target by their names, and the moment. It takes 100 ms at most. Threads that were not reached in that
 * time are not missed when they end, so a pool that changes its threads may later seem to have grown.
 */
export function readBaseline(root: KernelRoot, pids: readonly number[], now: () => number): Baseline {
  const endMs = now() + MOST_MS;
  const names: string[] = [];
  for (const pid of pids) {
    for (const tid of listThreads(root, pid)) {
      if (now() >= endMs) break;
      const thread = readName(root, pid, tid);
      if (thread !== undefined) names.push(thread.task.name);
    }
  }
  const uptime = Number((readText(root.proc('uptime')) ?? '').split(' ')[0]);
  return { atTicks: Math.floor(uptime * TICKS_PER_SECOND), names: countNames(names) };
}
