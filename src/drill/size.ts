import { additional, ceilingLabel } from '../core/ceiling.ts';
import type { Ceiling } from '../core/model.ts';
import { formatCount } from '../core/units.ts';
import { GuardError } from '../errors.ts';
import type { BombKind } from './bomb.ts';

/** How large a drill may be here, in tasks. */
export interface DrillSize {
  /** The budget of the bomb. */
  readonly budget: number;
  /** The most that the bomb makes, whatever holds it. */
  readonly most: number;
  /** All that the drill may take at any moment, the guard included. */
  readonly inAll: number;
}

/** Enough that the bomb passes its first look, and few enough for a container of 1,024. */
const USUAL_BUDGET = 400;
/** Node alone holds 7 to 11 tasks; below this a budget says nothing about a bomb. */
const LEAST_BUDGET = 64;
/** The guard with its launcher, and the checks of the host. */
const GUARD_TASKS = 64;
/** A bomb that nothing holds goes so far over its budget, and no further. */
const EXCESS = 0.5;
/** What stays free of every ceiling for everybody else: this share of the limit, and at least so many tasks. */
const SPARE_SHARE = 0.05;
const SPARE_TASKS = 64;

/**
 * Finds the budget for a drill, or refuses: on a machine near a ceiling a drill would be the very thing that it warns of.
 * `asked` is the budget that somebody wants; without it a smaller one is taken where there is less room. A machine of which
 * no ceiling on tasks can be read is refused too: unknown is not safe. Pure.
 */
export function decideSize(ceilings: readonly Ceiling[], kind: BombKind, asked: number | undefined): DrillSize {
  const rooms = ceilings
    .filter(({ effect, exempt }) => !exempt && effect !== 'throttles')
    .flatMap((ceiling) => {
      const more = additional(ceiling, kind === 'threads' ? 'threads' : 'processes');
      return typeof more === 'number' ? [{ ceiling, tasks: more - spareOf(ceiling) }] : [];
    })
    .sort((a, b) => a.tasks - b.tasks);
  const [tightest] = rooms;
  if (tightest === undefined || !rooms.some(({ ceiling }) => ceiling.unit === 'tasks')) {
    throw new GuardError('no-room', 'no ceiling on tasks can be read here, so nobody knows whether there is room', {
      hint: 'threadguard limits shows every ceiling, and which right is missing',
    });
  }
  const largest = Math.floor((tightest.tasks - GUARD_TASKS) / (1 + EXCESS));
  const size = sizeOf(asked ?? Math.min(USUAL_BUDGET, largest));
  const least = asked ?? LEAST_BUDGET;
  if (size.budget >= least && size.inAll <= tightest.tasks) return size;
  const { inAll } = sizeOf(least);
  const free = `${ceilingLabel(tightest.ceiling)} leaves ${formatCount(Math.max(0, tightest.tasks))} tasks`;
  throw new GuardError(
    'no-room',
    `there is no room for a drill: it needs ${formatCount(inAll)} tasks, and ${free} beside what others may need`,
    { hint: 'threadguard limits --who shows who holds them; try again when there are fewer, or on another machine' },
  );
}

function sizeOf(budget: number): DrillSize {
  const most = Math.ceil(budget * (1 + EXCESS));
  return { budget, most, inAll: most + GUARD_TASKS };
}

function spareOf({ limit, unit }: Ceiling): number {
  if (unit !== 'tasks') return 0;
  return Math.max(SPARE_TASKS, typeof limit === 'number' ? Math.ceil(limit * SPARE_SHARE) : 0);
}
