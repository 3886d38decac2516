import { ceilingLabel } from '../core/ceiling.ts';
import type { Ceiling } from '../core/model.ts';
import { formatCount } from '../core/units.ts';

/** What holds a command of `run` here, the strongest first. */
export const HOLDS = ['cgroup', 'systemd-scope', 'rlimit', 'surroundings', 'nothing'] as const;
export type HoldKind = (typeof HOLDS)[number];

export interface DrillHold {
  readonly by: HoldKind;
  /** Which object it is, for people. */
  readonly detail: string;
  /** Why nothing stronger could be had, each a sentence. */
  readonly whyNot: readonly string[];
}

/** The name of a scope that the guard asks systemd for. */
const SCOPE = /\/(threadguard-[^/]+\.scope)(\/|$)/;

/** What held the bomb, from what its guard said, where it stood, and the ceilings before anything was begun. Pure. */
export function decideHold(
  guard: { readonly by: string | undefined; readonly fallbacks: readonly string[] },
  seen: { readonly path: string | undefined; readonly uid: number; readonly ceilings: readonly Ceiling[] },
): DrillHold {
  const whyNot = guard.fallbacks;
  if (guard.by?.startsWith('cgroup') === true) {
    const scope = SCOPE.exec(seen.path ?? '')?.[1];
    if (scope !== undefined)
      return { by: 'systemd-scope', detail: `${scope}, which systemd made for the guard`, whyNot };
    return {
      by: 'cgroup',
      detail: `a pids cgroup of its own${seen.path === undefined ? '' : `: ${seen.path}`}`,
      whyNot,
    };
  }
  if (guard.by === 'rlimit') return { by: 'rlimit', detail: `RLIMIT_NPROC of uid ${seen.uid}`, whyNot };
  const around = tightestAround(seen.ceilings);
  if (around === undefined) return { by: 'nothing', detail: 'nothing but the machine’s own limits', whyNot };
  const limit = formatCount(Number(around.limit));
  return { by: 'surroundings', detail: `${ceilingLabel(around)} (${limit} tasks), which stands around it`, whyNot };
}

/** A limit of somebody else's making that the whole tree counts in: that of a cgroup. */
function tightestAround(ceilings: readonly Ceiling[]): Ceiling | undefined {
  return ceilings
    .filter(({ limit, scope, unit }) => scope === 'cgroup' && unit === 'tasks' && typeof limit === 'number')
    .sort((a, b) => Number(a.remaining) - Number(b.remaining))[0];
}
