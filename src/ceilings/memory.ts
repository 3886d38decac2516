import { makeCeiling } from '../core/ceiling.ts';
import { parseMemAvailable } from '../procfs/meminfo.ts';
import type { CeilingReader } from './context.ts';
import { openLevels } from './levels.ts';

/**
 * What one parked thread costs a cgroup: 24 KiB of kernel memory (16 KiB stack, task_struct and
 * friends) and 8 KiB of touched stack; measured 31,064–35,652 bytes.
 */
const BYTES_PER_THREAD = 32 * 1024;

/** `memory.max` of every ancestor: reached, it answers with SIGKILL, not with an errno. */
export const memoryMax: CeilingReader = {
  name: 'memory.max',
  open: ({ root, places }) =>
    openLevels(root, places.unified, {
      controller: 'memory',
      unit: 'bytes',
      perThread: BYTES_PER_THREAD,
      raise: 'MemoryMax= of the unit, or the memory limit of the container',
    }),
};

/** The host's free memory, as the kernel estimates it, against the cost of a thread. */
export const memAvailable: CeilingReader = {
  name: 'MemAvailable',
  open:
    ({ meminfo }) =>
    () => {
      const memory = parseMemAvailable(meminfo.read() ?? '');
      return [
        makeCeiling({
          name: 'MemAvailable',
          scope: 'host',
          unit: 'bytes',
          used: memory === undefined ? 'unknown' : memory.totalBytes - memory.availableBytes,
          limit: memory?.totalBytes ?? 'unknown',
          perThread: BYTES_PER_THREAD,
          source: '/proc/meminfo',
          raise: 'more memory',
        }),
      ];
    },
};
