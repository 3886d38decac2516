import { formatCount } from '../units.ts';
import { classifyGrowth } from './classify.ts';

/** A limit that leaves a service alone and stops a bad deploy, and how it was come to. */
export interface Suggestion {
  /** `undefined` where no limit follows from what was seen. */
  readonly limit: number | undefined;
  readonly reasons: readonly string[];
}

/** Half as many again as the most that was seen: a static limit that is too low is an outage, too. */
const FACTOR = 1.5;
/** The least above the peak: a pool that is not filled in every recording. */
const LEAST_ABOVE = 64;
/** A burst is what came within so long. */
const BURST_MS = 10_000;
/** Fewer samples have seen too little. */
const ENOUGH = 60;

/** From recordings of tasks at equal distances. Pure. */
export function suggestLimit(
  recordings: readonly { readonly label: string; readonly tasks: readonly number[]; readonly stepMs: number }[],
): Suggestion {
  const reasons: string[] = [];
  let isGrowing = false;
  for (const { label, stepMs, tasks } of recordings) {
    const found = classifyGrowth(tasks, stepMs);
    if (found === undefined)
      reasons.push(`${label} has only ${tasks.length} samples: too few to tell whether it grows`);
    else reasons.push(`${label} ${found.sentence}`);
    isGrowing ||= found?.isGrowing ?? false;
  }
  const peak = Math.max(...recordings.flatMap(({ tasks }) => tasks));
  const burst = Math.max(0, ...recordings.map(burstOf));
  if (isGrowing)
    return {
      limit: undefined,
      reasons: [...reasons, 'no limit follows from a series that grows: find the leak first'],
    };
  const above = Math.max(LEAST_ABOVE, burst, peak * (FACTOR - 1));
  const limit = roundUp(peak + above);
  const why =
    above === burst
      ? `the largest burst (${formatCount(burst)} in ${BURST_MS / 1000} s)`
      : above === LEAST_ABOVE
        ? 'a small reserve'
        : 'half of that';
  reasons.push(`the most it ever held is ${formatCount(peak)}; ${why} on top, rounded up, is ${formatCount(limit)}`);
  const seen = recordings.reduce((sum, { tasks }) => sum + tasks.length, 0);
  if (seen < ENOUGH) reasons.push(`${seen} samples are few: record a day with its busiest hour`);
  return { limit, reasons };
}

function burstOf({ stepMs, tasks }: { readonly tasks: readonly number[]; readonly stepMs: number }): number {
  const within = Math.max(1, Math.round(BURST_MS / stepMs));
  let most = 0;
  for (let index = 1; index < tasks.length; index += 1) {
    const low = Math.min(...tasks.slice(Math.max(0, index - within), index));
    most = Math.max(most, (tasks[index] as number) - low);
  }
  return most;
}

/** To two places: `1,234` is `1,300`. */
function roundUp(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.ceil(value / unit) * unit;
}
