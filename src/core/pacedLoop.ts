/** Time, as a loop needs it. A test gives one that jumps. */
export interface LoopClock {
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  /** Resolves after `ms`, or at once when `stop` is aborted. */
  sleep(ms: number, stop?: AbortSignal): Promise<void>;
}

/** How often something is looked at, and for how long. */
export interface Pace {
  /** Distance between two looks; above 0. */
  readonly everyMs: number;
  /** The last look is taken this long after the first. `Infinity`, the default, is without end; 0 is one look. */
  readonly forMs?: number;
  /** Looks may take this share of one core; a dear look is followed by a longer pause. 1, the default, is no bound. */
  readonly duty?: number;
}

/** One look. */
export interface LookAt {
  /** From 0 on. */
  readonly index: number;
  /** Since the first look. */
  readonly elapsedMs: number;
}

/** How a loop went. */
export interface LoopSummary {
  /** `done`: the look itself said so. `time`: `forMs` is over. `stopped`: by the signal. */
  readonly end: 'done' | 'time' | 'stopped';
  readonly looks: number;
  /** Looks that began over half a step after they were due: the machine was busy. */
  readonly late: number;
  /** Looks that were left out, because the one before took too long or began too late. */
  readonly missed: number;
}

/** A look that begins this share of a step after its time is late. */
const LATE_SHARE = 0.5;

/**
 * Looks again and again on a fixed grid: a look that was late does not move the ones after it. The look returns false
 * when there is nothing more to look at. What it throws ends the loop.
 */
export async function pacedLoop(
  pace: Pace,
  clock: LoopClock,
  look: (at: LookAt) => boolean | Promise<boolean>,
  stop?: AbortSignal,
): Promise<LoopSummary> {
  const { everyMs, forMs = Number.POSITIVE_INFINITY } = pace;
  const startMs = clock.now();
  let dueMs = 0;
  let looks = 0;
  let late = 0;
  let missed = 0;
  for (;;) {
    if (stop?.aborted === true) return { end: 'stopped', looks, late, missed };
    const elapsedMs = clock.now() - startMs;
    if (elapsedMs - dueMs > LATE_SHARE * everyMs) late += 1;
    const goesOn = await look({ index: looks, elapsedMs });
    looks += 1;
    if (!goesOn) return { end: 'done', looks, late, missed };
    if (dueMs >= forMs) return { end: 'time', looks, late, missed };
    const endedMs = clock.now() - startMs;
    const next = nextDue(pace, { dueMs, beganMs: elapsedMs, endedMs });
    dueMs = next.dueMs;
    missed += next.missed;
    await clock.sleep(Math.max(0, dueMs - endedMs), stop);
  }
}

/**
 * When the next look is due, in milliseconds since the first, and how many points of the grid are left out until then.
 * Pure. The last look is due at `forMs` itself, on the grid or not.
 */
export function nextDue(
  { duty = 1, everyMs, forMs = Number.POSITIVE_INFINITY }: Pace,
  last: { readonly dueMs: number; readonly beganMs: number; readonly endedMs: number },
): { readonly dueMs: number; readonly missed: number } {
  const restMs = (last.endedMs - last.beganMs) * (1 / duty - 1);
  const step = Math.round(last.dueMs / everyMs);
  const next = Math.max(step + 1, Math.ceil((last.endedMs + restMs) / everyMs));
  // A loop that is over at `forMs` misses nothing after it.
  const end = Math.ceil(forMs / everyMs);
  return { dueMs: Math.min(next * everyMs, forMs), missed: Math.min(next, end) - step - 1 };
}
