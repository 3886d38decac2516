import type { Surroundings } from '../ceilings/surroundings.ts';
import { createContainment, removeContainment } from '../cgroup/containment.ts';
import { delegationRefusal } from '../cgroup/delegation.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { openThawer } from '../launch/thawer.ts';
import type { Settings } from '../policy/settings.ts';
import type { KernelRoot } from '../procfs/root.ts';
import type { Libc } from '../sys/libc.ts';
import { cgroupTarget } from './cgroupTarget.ts';
import type { ChildTarget } from './contracts.ts';
import { Tree } from './tree.ts';
import { walkTarget } from './walkTarget.ts';

/** What holds the target, and every stronger means that could not be had, with its reason. */
export interface Contained {
  readonly target: ChildTarget;
  readonly fallbacks: readonly string[];
}

/** Where the guard stands, and with what. */
export interface Place {
  readonly root: KernelRoot;
  readonly surroundings: Pick<Surroundings, 'context'>;
  readonly libc: Libc | undefined;
  readonly now: () => number;
  /** Processes of the guard's own. */
  readonly own?: Set<number>;
  readonly isSidecar?: boolean;
  /** Whether the guard is the subreaper of what it starts. */
  readonly isReaper?: boolean;
}

/**
 * The strongest containment that can be had here and that `--contain` allows: a cgroup, else
 * RLIMIT_NPROC, else sampling alone. One that was asked for by name is not replaced by a weaker one.
 */
export function contain(wish: Pick<Settings, 'contain' | 'dryRun' | 'requireContainment'>, place: Place): Contained {
  const { isReaper = false, isSidecar = false, libc, now, own = new Set(), root, surroundings } = place;
  const fallbacks: string[] = [];
  // A dry run touches nothing, not even a cgroup.
  const mode = wish.dryRun ? 'none' : wish.contain;
  const walk = (useRlimit: boolean): ChildTarget => {
    const { loadavg, uid } = surroundings.context;
    return walkTarget({ root, loadavg, libc, uid, now, own }, useRlimit);
  };
  if (mode === 'auto' || mode === 'cgroup') {
    try {
      return { target: inCgroup({ root, surroundings, libc, now, own, isSidecar, isReaper }), fallbacks };
    } catch (error) {
      if (!(error instanceof GuardError) || mode === 'cgroup') throw error;
      fallbacks.push(`not contained by a cgroup: ${error.message}`);
    }
  }
  if (mode === 'auto' || mode === 'rlimit') {
    const obstacle = rlimitObstacle(surroundings, libc);
    if (obstacle === undefined) return settle(wish, { target: walk(true), fallbacks });
    if (mode === 'rlimit') {
      throw new GuardError('no-rlimit', `RLIMIT_NPROC cannot hold this command: ${obstacle}`, {
        hint: 'use --contain cgroup, or run as a plain user',
      });
    }
    fallbacks.push(`not by RLIMIT_NPROC either: ${obstacle}`);
  }
  return settle(wish, { target: walk(false), fallbacks });
}

function settle(wish: Pick<Settings, 'requireContainment'>, contained: Contained): Contained {
  if (!wish.requireContainment) return contained;
  contained.target.remove();
  throw new GuardError(
    'not-contained',
    `--require-containment: ${contained.fallbacks.join('; ') || 'no cgroup was asked for'}`,
    {
      hint: 'start it in a delegated cgroup (systemd-run --scope -p Delegate=yes …), or drop --require-containment',
    },
  );
}

function inCgroup({ isReaper, isSidecar, libc, now, own, root, surroundings }: Required<Place>): ChildTarget {
  const { places, uid } = surroundings.context;
  const refusal = delegationRefusal(root, places, libc, uid);
  if (refusal !== undefined) {
    throw new GuardError('not-delegated', refusal, {
      hint: 'set Delegate=yes in the unit, or start it with systemd-run --scope -p Delegate=yes',
    });
  }
  // What a sidecar guards is not its child.
  const tree = new Tree(root, process.pid, uid, own, isReaper && !isSidecar);
  const thawer = (file: string, word: string) => openThawer(file, word, own);
  const containment = createContainment(root, places, process.pid, isSidecar);
  try {
    return cgroupTarget(root, containment, { tree, now, thawer });
  } catch (error) {
    removeContainment(containment);
    throw new GuardError('no-cgroup', `cannot work in ${containment.pidsDir} (${errnoOf(error)})`, {
      hint: 'use --contain rlimit, or --contain none to run without a kernel cap',
      cause: error,
    });
  }
}

function rlimitObstacle(surroundings: Pick<Surroundings, 'context'>, libc: Libc | undefined): string | undefined {
  if (surroundings.context.isNprocExempt) return 'the kernel exempts uid 0 and CAP_SYS_RESOURCE from it';
  return libc === undefined ? 'libc could not be loaded (koffi)' : undefined;
}
