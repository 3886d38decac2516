import { join } from 'node:path';
import { ancestors, locate } from '../cgroup/locate.ts';
import { makeCeiling } from '../core/ceiling.ts';
import { parseMemAvailable } from '../procfs/meminfo.ts';
import { KeptFile } from '../procfs/read.ts';
import type { CeilingReader } from './context.ts';

/**
 * What one parked thread costs a cgroup: 24 KiB of kernel memory (16 KiB stack, task_struct and
 * friends) and 8 KiB of touched stack; measured 31,064–35,652 bytes.
 */
const BYTES_PER_THREAD = 32 * 1024;

/** `memory.max` of every ancestor: reached, it answers with SIGKILL, not with an errno. */
export const memoryMax: CeilingReader = {
  name: 'memory.max',
  open: ({ root }) => {
    const { unified } = locate(root);
    if (unified === undefined) return () => [];
    const levels = ancestors(unified)
      .map((dir) => ({
        path: dir.slice(unified.mountPoint.length) || '/',
        max: new KeptFile(root.at(join(dir, 'memory.max'))),
        current: new KeptFile(root.at(join(dir, 'memory.current'))),
        source: `${dir}/memory.max, memory.current`,
      }))
      .filter(({ max }) => max.isOpen);
    return () =>
      levels.map(({ path, max, current, source }) => {
        const used = current.readNumber();
        return makeCeiling({
          name: 'memory.max',
          scope: 'cgroup',
          path,
          unit: 'bytes',
          used: typeof used === 'number' ? used : 'unknown',
          limit: max.readNumber(),
          perThread: BYTES_PER_THREAD,
          source,
          raise: 'MemoryMax= of the unit, or the memory limit of the container',
        });
      });
  },
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
