import type { Holder } from './holder.ts';

/** Verifying a kill: thousands of processes can take seconds to go when every core is busy. */
const KILL_MS = 5_000;
/**
 * Each look takes processor time from the exits that it waits for: the guard is ahead of them. On 2
 * cores 4,796 processes take the kernel 200–860 ms to end with nobody looking, 4,796 threads 60–85 ms.
 */
const LOOK_EVERY_MS = 4;
/** Where nothing reaches the whole tree at once, a round finds what was born during the one before. */
const ROUND_EVERY_MS = 100;

/** Rounds of SIGKILL until the tree is seen empty; what survives KILL_MS of it is listed. */
export async function killTree(parts: {
  readonly holder: Holder;
  readonly reap: () => void;
  readonly now: () => number;
}): Promise<{ emptyMs: number; survivors: readonly number[] }> {
  const { holder, now, reap } = parts;
  const startMs = now();
  let roundMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const nowMs = now();
    if (nowMs - roundMs >= ROUND_EVERY_MS) {
      holder.killRound();
      reap();
      roundMs = nowMs;
    }
    const beforeMs = now();
    if (holder.isEmpty()) return { emptyMs: now() - startMs, survivors: [] };
    const costMs = now() - beforeMs;
    if (nowMs - startMs >= KILL_MS) return { emptyMs: nowMs - startMs, survivors: holder.processes() };
    await new Promise((resolve) => setTimeout(resolve, Math.max(LOOK_EVERY_MS, costMs)));
  }
}
