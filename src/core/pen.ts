import { type BudgetRule, reserveOf, unitsPerTask } from './budget.ts';
import type { Ceiling } from './model.ts';

/**
 * How many tasks all targets of the guards of one place may hold together, so that the reserve of everything around them
 * stays free. Each budget is right by itself, and their sum is too much. `inside` is what stands in the pen now; `isInside`
 * tells the limits within it, which are not around it. `undefined` when nothing around it has a number.
 */
export function penTasks(
  ceilings: readonly Ceiling[],
  inside: number,
  reserve: BudgetRule['reserve'],
  isInside: (ceiling: Ceiling) => boolean,
): number | undefined {
  const rooms = ceilings
    .filter((ceiling) => ceiling.unit === 'tasks' && ceiling.scope !== 'user' && !ceiling.exempt && !isInside(ceiling))
    .flatMap((ceiling) => (typeof ceiling.remaining === 'number' ? [roomIn(ceiling, ceiling.remaining, reserve)] : []));
  return rooms.length === 0 ? undefined : Math.max(1, inside + Math.min(...rooms));
}

function roomIn(ceiling: Ceiling, remaining: number, reserve: BudgetRule['reserve']): number {
  return Math.floor(Math.max(0, remaining - reserveOf(ceiling, { shares: {}, reserve })) / unitsPerTask(ceiling));
}
