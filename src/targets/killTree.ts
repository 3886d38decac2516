import type { End, Meter } from './contracts.ts';

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
  readonly target: { readonly end: Pick<End, 'killRound' | 'isEmpty'>; readonly meter: Pick<Meter, 'processes'> };
  readonly reap: () => void;
  readonly clock: { now(): number; wakeAt(atMs: number, callback: () => void): unknown };
}): Promise<{ emptyMs: number; survivors: readonly number[] }> {
  const { clock, reap } = parts;
  const { end, meter } = parts.target;
  const startMs = clock.now();
  let roundMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const nowMs = clock.now();
    if (nowMs - roundMs >= ROUND_EVERY_MS) {
      end.killRound();
      reap();
      roundMs = nowMs;
    }
    const beforeMs = clock.now();
    if (end.isEmpty()) return { emptyMs: clock.now() - startMs, survivors: [] };
    const costMs = clock.now() - beforeMs;
    if (nowMs - startMs >= KILL_MS) return { emptyMs: nowMs - startMs, survivors: meter.processes() };
    await new Promise<void>((resolve) => clock.wakeAt(clock.now() + Math.max(LOOK_EVERY_MS, costMs), resolve));
  }
}
