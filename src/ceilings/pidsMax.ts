import { join } from 'node:path';
import { ancestors } from '../cgroup/locate.ts';
import { makeCeiling } from '../core/ceiling.ts';
import { KeptFile } from '../procfs/read.ts';
import type { CeilingReader } from './context.ts';

/** `pids.max` of the cgroup the guard was started in and of every ancestor that can be seen: each its own ceiling. */
export const pidsMax: CeilingReader = {
  name: 'pids.max',
  open: ({ root, places }) => {
    const place = places.pids;
    if (place === undefined) return () => [];
    const levels = ancestors(place)
      .map((dir) => ({
        path: dir.slice(place.mountPoint.length) || '/',
        max: new KeptFile(root.at(join(dir, 'pids.max'))),
        current: new KeptFile(root.at(join(dir, 'pids.current'))),
        source: `${dir}/pids.max, pids.current`,
      }))
      // The root of a hierarchy has no such files, and no limit.
      .filter(({ max }) => max.isOpen);
    return () =>
      levels.map(({ path, max, current, source }) => {
        const used = current.readNumber();
        return makeCeiling({
          name: 'pids.max',
          scope: 'cgroup',
          path,
          unit: 'tasks',
          used: typeof used === 'number' ? used : 'unknown',
          limit: max.readNumber(),
          source,
          raise: 'TasksMax= of the unit, podPidsLimit of the kubelet, or --pids-limit of the container',
        });
      });
  },
};
