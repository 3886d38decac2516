import type { Place } from '../cgroup/locate.ts';
import { ancestors } from '../cgroup/locate.ts';
import { makeCeiling } from '../core/ceiling.ts';
import type { Ceiling } from '../core/model.ts';
import { readNumber, readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import type { CeilingReader } from './context.ts';
import { openLevels } from './levels.ts';

/**
 * `pids.max` of the subject's cgroup and of every ancestor that can be seen; nobody is exempt, and zombies
 * count until they are reaped (kernel/cgroup/pids.c). Where the top that can be seen has a limit of its own
 * it is not the hierarchy's root (that has no such file): what is above it counts too and cannot be read.
 */
export const pidsMax: CeilingReader = {
  name: 'pids.max',
  open: ({ root, places, asker }) => {
    const levels = openLevels(root, places.pids, {
      name: 'pids.max',
      limitFile: 'pids.max',
      usedFile: 'pids.current',
      unit: 'tasks',
      setting: 'tasks',
      asking: asker?.places.pids === undefined ? undefined : { dir: asker.places.pids.dir, count: asker.tasks },
    });
    const hidden = places.pids === undefined || isWhole(root, places.pids) ? [] : [hiddenAncestors()];
    return () => [...levels(), ...hidden];
  },
};

function isWhole(root: KernelRoot, place: Place): boolean {
  const top = ancestors(place).at(-1);
  if (top === undefined) return true;
  // A v2 root has no cgroup.type, a v1 root no pids.max.
  if (place.version === 2) return readText(root.at(`${top}/cgroup.type`)) === undefined;
  return readNumber(root.at(`${top}/pids.max`)) === 'unknown';
}

function hiddenAncestors(): Ceiling {
  return makeCeiling({
    name: 'pids.max',
    scope: 'cgroup',
    path: 'ancestors outside of this container',
    unit: 'tasks',
    used: 'unknown',
    limit: 'unknown',
    note: 'a cgroup namespace hides them; the kubelet’s podPidsLimit is one. Run it on the host to see them',
    source: 'nothing in here shows it',
    raise: 'podPidsLimit of the kubelet, TasksMax= of the unit that runs the container',
  });
}
