/** Least allowance: a JVM that fills a pool of 500 threads at once must pass. */
export const MIN_ALLOWANCE = 512;

/** A target that has not moved for long gets this much more, so that the guard may sleep that much longer. */
const RESTING_FACTOR = 2;

/**
 * Burst allowance in tasks: how many may appear between two looks before the kernel refuses one.
 * A quarter of the budget and at least 512 (twice that for a target at rest), never less than the fastest honest rate over the time
 * until the next look, lateness included; an honest burst that meets the leash gets EAGAIN.
 */
export function allowanceTasks(input: {
  readonly budget: number;
  readonly fastestPerSecond: number;
  readonly intervalMs: number;
  readonly latenessMs: number;
  /** Whether the target has not moved for some time. */
  readonly isResting: boolean;
  /** The operator's own number (`--leash`), which then is the whole answer. */
  readonly fixed?: number | undefined;
}): number {
  if (input.fixed !== undefined) return input.fixed;
  const burst = (input.fastestPerSecond * (input.intervalMs + input.latenessMs)) / 1000;
  const least = Math.max(MIN_ALLOWANCE, input.budget / 4) * (input.isResting ? RESTING_FACTOR : 1);
  return Math.ceil(Math.max(least, burst));
}

/** The kernel cap to set now. Never above the budget; never below 1, which would refuse the child itself. */
export function leashTasks(tasks: number, allowance: number, budget: number): number {
  return Math.max(1, Math.min(Math.floor(budget), tasks + allowance));
}
