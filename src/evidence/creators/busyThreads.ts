import type { CreatorSearch } from './creatorSource.ts';
import type { SampledProcess } from './sampledProcess.ts';

/** Threads that are looked at: the two that use a processor most now, and the two that have used it most so far. */
const EACH = 2;
/** The time over which the use of a processor is compared. */
const HEAT_MS = 10;
/** How many threads are compared, the oldest ones. */
const OLDEST = 256;
/** The largest pid that a kernel gives out (PID_MAX_LIMIT, include/linux/threads.h). */
const PID_MAX_LIMIT = 4 << 20;
/** A thread that gets no processor in this time is waiting. */
const MOST_APART_MS = 30;
const BETWEEN_MS = 1;

/**
 * The threads that most likely make the others: the busiest among the oldest. Their state does not tell them: when a
 * stop has just ended, hundreds of threads that only wait are runnable for a moment. A thread that is refused, sleeps
 * and tries again is idle nearly always, but it shows in what it has used so far.
 */
export function busiestThreads(process: SampledProcess, pid: number, { wait }: Pick<CreatorSearch, 'wait'>): number[] {
  const before = oldestFirst(pid, process.threads())
    .slice(0, OLDEST)
    .map((tid) => ({ tid, ns: process.ranNs(tid) }));
  wait(HEAT_MS);
  const after = before.map(({ ns, tid }) => {
    const total = process.ranNs(tid);
    return { tid, total, recent: total - ns };
  });
  const most = (by: 'total' | 'recent') => after.toSorted((a, b) => b[by] - a[by]).slice(0, EACH);
  return [...new Set([...most('recent'), ...most('total')].map(({ tid }) => tid))];
}

/** Thread ids go up from that of the first thread, and begin again at the bottom. A directory lists them as text. */
export function oldestFirst(pid: number, tids: readonly number[]): number[] {
  const age = (tid: number): number => (tid < pid ? tid + PID_MAX_LIMIT : tid);
  return tids.toSorted((a, b) => age(a) - age(b));
}

/**
 * Waits until these threads together have had `forNs` on a processor, and no longer than 30 ms. Without that, two samples
 * would show one and the same moment.
 */
export function letRun(
  process: SampledProcess,
  tids: readonly number[],
  forNs: number,
  { endMs, now, wait }: Pick<CreatorSearch, 'endMs' | 'now' | 'wait'>,
): void {
  const ran = (): number => tids.reduce((sum, tid) => sum + process.ranNs(tid), 0);
  const before = ran();
  const mostMs = Math.min(MOST_APART_MS, endMs - now());
  for (let waitedMs = 0; waitedMs < mostMs; waitedMs += BETWEEN_MS) {
    wait(BETWEEN_MS);
    if (ran() - before >= forNs) return;
  }
}
