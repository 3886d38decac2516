import { type BudgetRule, reserveOf, unitsPerTask } from './budget.ts';
import type { Ceiling } from './model.ts';

/**
 * How many tasks all targets of the guards of one place may hold together, so that the reserve of everything around them
 * stays free. Each budget is right by itself, and their sum is too much. `inside` is what stands in the pen now; `isInside`
 * tells the limits within it, which are not around it. `undefined` when nothing around it has a number. Never more than all
 * but the reserve: the two counts are read one after the other, and a thousand tasks may come or go in between.
 */
export function penTasks(
  ceilings: readonly Ceiling[],
  inside: number,
  reserve: BudgetRule['reserve'],
  isInside: (ceiling: Ceiling) => boolean,
): number | undefined {
  const rooms = ceilings
    .filter((ceiling) => ceiling.unit === 'tasks' && ceiling.scope !== 'user' && !ceiling.exempt && !isInside(ceiling))
    .flatMap((ceiling) => {
      const { limit, remaining } = ceiling;
      if (typeof remaining !== 'number' || typeof limit !== 'number') return [];
      const room = besideReserve(ceiling, remaining, reserve);
      return [room === 0 ? inside : Math.min(inside + room, besideReserve(ceiling, limit, reserve))];
    });
  return rooms.length === 0 ? undefined : Math.max(1, Math.min(...rooms));
}

function besideReserve(ceiling: Ceiling, units: number, reserve: BudgetRule['reserve']): number {
  return Math.floor(Math.max(0, units - reserveOf(ceiling, { shares: {}, reserve })) / unitsPerTask(ceiling));
}
