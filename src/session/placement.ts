import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { delegationRefusal } from '../cgroup/delegation.ts';
import { locate, type Place } from '../cgroup/locate.ts';
import { readMembers } from '../cgroup/members.ts';
import type { BudgetRule } from '../core/budget.ts';
import type { Ceiling } from '../core/model.ts';
import { penTasks } from '../core/pen.ts';
import { enterScope, limitSlice, type Scope } from '../launch/systemdScope.ts';
import type { Settings } from '../policy/settings.ts';
import { readNumber } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import type { Libc } from '../sys/libc.ts';

/** Where the guard stands: as it was started, or in a scope that systemd made for it. */
export interface Placement {
  readonly scope: Scope | undefined;
  /** What has to be said of it: the price of the move, or why there was none. */
  readonly notes: readonly string[];
}

export const AS_IT_WAS: Placement = { scope: undefined, notes: [] };

export interface PlacementParts {
  readonly root: KernelRoot;
  readonly libc: Libc | undefined;
  readonly uid: number;
  readonly env: NodeJS.ProcessEnv;
  readonly command: readonly string[];
  readonly now: () => number;
}

/**
 * On a host with systemd and cgroup v2 a shell stands in a scope that is not its own to divide. There the guard asks systemd
 * for a scope of its own, before anything of its surroundings is read. A service stays where it is: its unit is what holds
 * it, and what ends it.
 */
export async function takePlace(wish: Pick<Settings, 'contain' | 'dryRun'>, parts: PlacementParts): Promise<Placement> {
  const { command, env, libc, now, root, uid } = parts;
  if (wish.dryRun || (wish.contain !== 'auto' && wish.contain !== 'cgroup')) return AS_IT_WAS;
  if (!existsSync(root.at('/run/systemd/system'))) return AS_IT_WAS;
  const { pids, unified, ...others } = locate(root);
  if (pids?.version !== 2 || !pids.path.endsWith('.scope')) return AS_IT_WAS;
  const isClosed = delegationRefusal(root, { pids, unified, ...others }, libc, uid) !== undefined;
  if (!isClosed && isAlone(root, pids)) return AS_IT_WAS;
  const readPath = (): string => locate(root).pids?.path ?? '';
  const name = basename(command[0] ?? '');
  const entered = await enterScope({ command: name, pid: process.pid, uid, env, readPath, now });
  if ('refusal' in entered) return { scope: undefined, notes: [entered.refusal] };
  const price = `the command is in ${entered.name} of systemd: a logout with KillUserProcesses=yes does not end it`;
  return { scope: entered, notes: [price] };
}

/** The reserve of what is around the slice of all guards of this caller: the kernel then holds their sum. */
export async function keepReserve(
  { scope }: Placement,
  ceilings: readonly Ceiling[],
  reserve: BudgetRule['reserve'],
  { env, root, uid }: Pick<PlacementParts, 'env' | 'root' | 'uid'>,
): Promise<void> {
  const { pids } = locate(root);
  if (scope === undefined || pids === undefined) return;
  const inside = readNumber(root.at(join(pids.dir, '..', 'pids.current')));
  const isInside = ({ path, scope: kind }: Ceiling): boolean =>
    kind === 'cgroup' && (path?.includes(scope.slice) ?? false);
  const count = typeof inside === 'number' ? inside : 0;
  const tasks = penTasks(ceilings, { before: count, after: count, limit: undefined }, reserve, isInside);
  if (tasks !== undefined) await limitSlice(scope.slice, tasks, { env, uid });
}

/** v2 gives controllers to children only where no process stands in the parent: nobody else may be here. */
function isAlone(root: KernelRoot, place: Place): boolean {
  try {
    return readMembers(root.at(place.dir)).pids.every((pid) => pid === process.pid);
  } catch {
    return false;
  }
}
