import type { Surroundings } from '../ceilings/surroundings.ts';
import { bindingCeiling } from '../core/ceiling.ts';

/** Additional threads that the tightest ceiling allows now; `undefined` when none has a number. */
export function roomNow(surroundings: Surroundings): number | undefined {
  const room = bindingCeiling(surroundings.readCeilings())?.additionalThreads;
  return typeof room === 'number' ? room : undefined;
}
