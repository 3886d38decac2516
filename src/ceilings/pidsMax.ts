import type { CeilingReader } from './context.ts';
import { openLevels } from './levels.ts';

/** `pids.max` of the cgroup the guard was started in and of every ancestor that can be seen. */
export const pidsMax: CeilingReader = {
  name: 'pids.max',
  open: ({ root, places }) =>
    openLevels(root, places.pids, {
      controller: 'pids',
      unit: 'tasks',
      raise: 'TasksMax= of the unit, podPidsLimit of the kubelet, or --pids-limit of the container',
    }),
};
