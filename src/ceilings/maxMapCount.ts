import { makeCeiling } from '../core/ceiling.ts';
import { KeptFile } from '../procfs/read.ts';
import type { CeilingReader } from './context.ts';

/** A glibc thread with a guard page costs two maps: its stack and the guard (measured 2.000 over 9,000 threads). */
const MAPS_PER_THREAD = 2;

/** `vm.max_map_count` against the process of the target that holds the most maps. */
export const maxMapCount: CeilingReader = {
  name: 'vm.max_map_count',
  open: ({ root, heaviestMaps }) => {
    const limit = new KeptFile(root.proc('sys/vm/max_map_count'));
    return () => {
      const heaviest = heaviestMaps();
      return [
        makeCeiling({
          name: 'vm.max_map_count',
          scope: 'process',
          unit: 'maps',
          used: heaviest?.maps ?? 0,
          limit: limit.readNumber(),
          perThread: MAPS_PER_THREAD,
          source: '/proc/sys/vm/max_map_count, /proc/PID/maps',
          raise: 'sysctl vm.max_map_count',
        }),
      ];
    };
  },
};
