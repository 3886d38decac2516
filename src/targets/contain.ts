import type { Surroundings } from '../ceilings/surroundings.ts';
import { createContainment } from '../cgroup/containment.ts';
import { delegationRefusal } from '../cgroup/delegation.ts';
import { GuardError } from '../errors.ts';
import type { Settings } from '../policy/settings.ts';
import type { KernelRoot } from '../procfs/root.ts';
import type { Libc } from '../sys/libc.ts';
import { cgroupHolder } from './cgroupHolder.ts';
import type { Holder } from './holder.ts';
import { walkHolder } from './walkHolder.ts';

/** What holds the target, and every stronger means that could not be had, with its reason. */
export interface Contained {
  readonly holder: Holder;
  readonly fallbacks: readonly string[];
}

/**
 * The strongest containment that can be had here and that `--contain` allows: a cgroup, else
 * RLIMIT_NPROC, else sampling alone. One that was asked for by name is not replaced by a weaker one.
 */
export function contain(
  settings: Settings,
  root: KernelRoot,
  surroundings: Surroundings,
  libc: Libc | undefined,
  now: () => number,
  own: ReadonlySet<number> = new Set(),
  isSidecar = false,
): Contained {
  const fallbacks: string[] = [];
  // A dry run touches nothing, not even a cgroup.
  const mode = settings.dryRun ? 'none' : settings.contain;
  const walk = (useRlimit: boolean): Holder => {
    const { loadavg, uid } = surroundings.context;
    return walkHolder({ root, loadavg, libc, uid, useRlimit, now, own });
  };
  if (mode === 'auto' || mode === 'cgroup') {
    try {
      return { holder: inCgroup(root, surroundings, libc, isSidecar), fallbacks };
    } catch (error) {
      if (!(error instanceof GuardError) || mode === 'cgroup') throw error;
      fallbacks.push(`not contained by a cgroup: ${error.message}`);
    }
  }
  if (mode === 'auto' || mode === 'rlimit') {
    const obstacle = rlimitObstacle(surroundings, libc);
    if (obstacle === undefined) return settle(settings, { holder: walk(true), fallbacks });
    if (mode === 'rlimit') {
      throw new GuardError('no-rlimit', `RLIMIT_NPROC cannot hold this command: ${obstacle}`, {
        hint: 'use --contain cgroup, or run as a plain user',
      });
    }
    fallbacks.push(`not by RLIMIT_NPROC either: ${obstacle}`);
  }
  return settle(settings, { holder: walk(false), fallbacks });
}

function settle(settings: Settings, contained: Contained): Contained {
  if (!settings.requireContainment) return contained;
  contained.holder.remove();
  throw new GuardError(
    'not-contained',
    `--require-containment: ${contained.fallbacks.join('; ') || 'no cgroup was asked for'}`,
    {
      hint: 'start it in a delegated cgroup (systemd-run --scope -p Delegate=yes …), or drop --require-containment',
    },
  );
}

function inCgroup(root: KernelRoot, surroundings: Surroundings, libc: Libc | undefined, isSidecar: boolean): Holder {
  const { places, uid } = surroundings.context;
  const refusal = delegationRefusal(root, places, libc, uid);
  if (refusal !== undefined) {
    throw new GuardError('not-delegated', refusal, {
      hint: 'set Delegate=yes in the unit, or start it with systemd-run --scope -p Delegate=yes',
    });
  }
  return cgroupHolder(root, createContainment(root, places, process.pid, isSidecar));
}

function rlimitObstacle(surroundings: Surroundings, libc: Libc | undefined): string | undefined {
  if (surroundings.context.isNprocExempt) return 'the kernel exempts uid 0 and CAP_SYS_RESOURCE from it';
  return libc === undefined ? 'libc could not be loaded (koffi)' : undefined;
}
