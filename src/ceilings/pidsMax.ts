import { ancestors, type Place } from '../cgroup/locate.ts';
import type { Ceiling } from '../core/model.ts';
import { readNumber, readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { openLevels } from './levels.ts';
import { type CeilingRow, ceilingRow, type MakeRow } from './row.ts';

/**
 * `pids.max` of the subject's cgroup and of every ancestor that can be seen. Nobody is exempt, and zombies count until
 * they are reaped (kernel/cgroup/pids.c). The root of a hierarchy has no such file. So where the highest directory that
 * can be seen has one, it is not the root, and what is above it counts too and cannot be read.
 */
export const pidsMax: CeilingRow = ceilingRow('pids.max', ({ asker, places, root }, make) => {
  const levels = openLevels(root, places.pids, make, {
    limitFile: 'pids.max',
    usedFile: 'pids.current',
    unit: 'tasks',
    setting: 'tasks',
    asking: asker?.places.pids === undefined ? undefined : { dir: asker.places.pids.dir, count: asker.tasks },
  });
  const hidden = places.pids === undefined || isWhole(root, places.pids) ? [] : [hiddenAncestors(make)];
  return () => [...levels(), ...hidden];
});

function isWhole(root: KernelRoot, place: Place): boolean {
  const top = ancestors(place).at(-1);
  if (top === undefined) return true;
  // A v2 root has no cgroup.type, a v1 root no pids.max.
  if (place.version === 2) return readText(root.at(`${top}/cgroup.type`)) === undefined;
  return readNumber(root.at(`${top}/pids.max`)) === 'unknown';
}

function hiddenAncestors(make: MakeRow): Ceiling {
  return make({
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
