import { join } from 'node:path';
import type { UnitCost } from '../core/ceiling.ts';
import { KeptFile } from '../procfs/read.ts';
import type { CeilingContext } from './context.ts';
import type { LevelFacts } from './levels.ts';

/** One vm_area_struct: what a map costs that is never touched. */
const BYTES_PER_MAP = 192;
/** v1 has no `max`. It shows PAGE_COUNTER_MAX pages, which is above this for every page size. */
const V1_UNLIMITED = 2 ** 62;

/** What all limits on the memory of a cgroup have in common. */
export function memoryLevel(context: CeilingContext): Omit<LevelFacts, 'limitFile'> {
  const isV1 = context.places.memory?.version === 1;
  return {
    usedFile: isV1 ? 'memory.usage_in_bytes' : 'memory.current',
    unit: 'bytes',
    setting: 'memory',
    isEstimate: true,
    cost: () => memoryCost(context),
    isUnlimited: (limit) => limit >= V1_UNLIMITED,
    reclaimable: (dir) => {
      const stat = new KeptFile(join(dir, 'memory.stat'));
      const prefix = isV1 ? 'total_' : '';
      return () => parseReclaimable(stat.read() ?? '', prefix);
    },
  };
}

/** What one more of each kind takes of memory. */
export function memoryCost({ cost }: CeilingContext): UnitCost {
  const { processBytes, threadBytes } = cost();
  return { thread: threadBytes, process: processBytes, map: BYTES_PER_MAP };
}

/** File pages that the kernel drops before it calls anybody out of memory. What tmpfs holds is not among them. */
export function parseReclaimable(stat: string, prefix: '' | 'total_'): number {
  let bytes = 0;
  for (const name of ['inactive_file', 'active_file', 'slab_reclaimable']) {
    const match = new RegExp(`^${prefix}${name} (\\d+)$`, 'm').exec(stat);
    bytes += match === null ? 0 : Number(match[1]);
  }
  return bytes;
}
