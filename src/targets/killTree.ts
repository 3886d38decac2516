import type { End, Meter } from './contracts.ts';

/** A kill is given up when none of the tree has gone for so long: what is left cannot be ended (state D). */
const STUCK_MS = 5_000;
/**
 * The dead need a processor to end, and beside three other bombs they get little: the last of 1,500 were gone after 9 s.
 * A service manager does not wait for ever.
 */
export const KILL_MS: number = 30_000;
/**
 * Each look takes processor time from the exits that it waits for: the guard is ahead of them. On 2
 * cores 4,796 processes take the kernel 200–860 ms to end with nobody looking, 4,796 threads 60–85 ms.
 */
const LOOK_EVERY_MS = 4;
/** Where nothing reaches the whole tree at once, a round finds what was born during the one before. */
const ROUND_EVERY_MS = 100;
const EARLY_ROUNDS = 3;
/**
 * After the early rounds the guard takes at most a tenth of a processor. A round walks all processes: four real-time guards
 * that each made one every 100 ms left so little that of 1,500 killed tasks none was gone after 5 s.
 */
const COST_FACTOR = 9;

/** Rounds of SIGKILL until the tree is seen empty; what survives them is listed. */
export async function killTree(parts: {
  readonly target: { readonly end: Pick<End, 'killRound' | 'isEmpty'>; readonly meter: Pick<Meter, 'processes'> };
  readonly reap: () => void;
  readonly clock: { now(): number; wakeAt(atMs: number, callback: () => void): unknown };
}): Promise<{ emptyMs: number; survivors: readonly number[] }> {
  const { clock, reap } = parts;
  const { end, meter } = parts.target;
  const startMs = clock.now();
  let dueMs = startMs;
  let rounds = 0;
  let fewest = { count: Number.POSITIVE_INFINITY, atMs: startMs };
  for (;;) {
    const nowMs = clock.now();
    if (nowMs >= dueMs) {
      end.killRound();
      reap();
      const count = meter.processes().length;
      if (count < fewest.count) fewest = { count, atMs: nowMs };
      rounds += 1;
      const costMs = clock.now() - nowMs;
      dueMs = nowMs + Math.max(ROUND_EVERY_MS, rounds < EARLY_ROUNDS ? 0 : COST_FACTOR * costMs);
    }
    const beforeMs = clock.now();
    if (end.isEmpty()) return { emptyMs: clock.now() - startMs, survivors: [] };
    const costMs = clock.now() - beforeMs;
    if (nowMs - fewest.atMs >= STUCK_MS || nowMs - startMs >= KILL_MS)
      return { emptyMs: nowMs - startMs, survivors: meter.processes() };
    await new Promise<void>((resolve) =>
      clock.wakeAt(
        clock.now() + Math.max(LOOK_EVERY_MS, rounds < EARLY_ROUNDS ? costMs : COST_FACTOR * costMs),
        resolve,
      ),
    );
  }
}
