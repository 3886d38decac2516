import { type BudgetRule, boundsOf, type Counted, reserveOf, unitsPerTask, within } from './budget.ts';
import type { Ceiling } from './model.ts';

/**
 * How many tasks all targets of the guards of one place may hold together, so that the reserve of everything around them
 * stays free. Each budget is right by itself, and their sum is too much. `isInside` tells the limits within it, which are not
 * around it. `undefined` when nothing around it has a number. Never more than all but the reserve. Where tasks came or went
 * while the ceilings were read, it moves no further from the limit that it has than is certain.
 */
export function penTasks(
  ceilings: readonly Ceiling[],
  pen: Counted & { readonly limit: number | undefined },
  reserve: BudgetRule['reserve'],
  isInside: (ceiling: Ceiling) => boolean,
): number | undefined {
  const { after, before, limit: last } = pen;
  const { least, most } = boundsOf(last === undefined ? { before, after } : pen);
  const bounds = ceilings
    .filter((ceiling) => ceiling.unit === 'tasks' && ceiling.scope !== 'user' && !ceiling.exempt && !isInside(ceiling))
    .flatMap((ceiling) => {
      const { limit, remaining } = ceiling;
      if (typeof remaining !== 'number' || typeof limit !== 'number') return [];
      const room = besideReserve(ceiling, remaining, reserve);
      const all = room === 0 ? Number.POSITIVE_INFINITY : besideReserve(ceiling, limit, reserve);
      return [{ least: Math.min(least + room, all), most: Math.min(most + room, all) }];
    });
  if (bounds.length === 0) return undefined;
  const [lower, upper] = [Math.min(...bounds.map((one) => one.least)), Math.min(...bounds.map((one) => one.most))];
  return Math.max(1, within(lower, last ?? upper, upper));
}

function besideReserve(ceiling: Ceiling, units: number, reserve: BudgetRule['reserve']): number {
  return Math.floor(Math.max(0, units - reserveOf(ceiling, { shares: {}, reserve })) / unitsPerTask(ceiling));
}
