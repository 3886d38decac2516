import { COST_FACTOR, intervalMs, leastIntervalMs, MIN_INTERVAL_MS } from '../policy/cadence.ts';
import type { Stage } from '../policy/escalation.ts';

/** A loop that is this busy for this long goes slower: nothing is urgent for ever. */
const URGENT_FOR_MS = 2_000;
const SETTLED_INTERVAL_MS = 50;
/** The cost of a look is a mean over the last five or so. */
const NEW_COST = 0.2;

/**
 * Looks may cost so much at once before they are made less often. The first ones are dear, because their code is cold, and just
 * then a bomb may begin: a whole second of looks 50 ms apart let 4,530 threads live where 1,000 were asked for.
 */
const CREDIT_MS = 100;

/** When the next look is due: by the distance to the line, and by what the looks cost. */
export class Pacer {
  #costMs = 0;
  #creditMs = CREDIT_MS;
  #lastMs: number | undefined;

  /** A look took so long, and ended now. */
  looked(tookMs: number, nowMs: number): void {
    this.#costMs += NEW_COST * (tookMs - this.#costMs);
    const earnedMs = (nowMs - (this.#lastMs ?? nowMs)) / COST_FACTOR;
    this.#creditMs = Math.max(-CREDIT_MS, Math.min(CREDIT_MS, this.#creditMs + earnedMs) - tookMs);
    this.#lastMs = nowMs;
  }

  /** Milliseconds to the next look at a target that is free. */
  freeMs(distanceTasks: number, fastestPerSecond: number, isHeld: boolean): number {
    const wanted = intervalMs({ isHeld, distanceTasks, fastestPerSecond });
    return this.#creditMs > 0 ? wanted : Math.max(wanted, leastIntervalMs(this.#costMs, isHeld));
  }

  /** Milliseconds to the next look at one that is on the ladder. */
  trippedMs({ sinceMs }: Extract<Stage, { because: unknown }>, nowMs: number): number {
    return nowMs - sinceMs < URGENT_FOR_MS ? MIN_INTERVAL_MS : SETTLED_INTERVAL_MS;
  }
}
