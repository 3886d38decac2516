import { join } from 'node:path';
import { makeCeiling, type UnitCost } from '../core/ceiling.ts';
import { parseMeminfo } from '../procfs/meminfo.ts';
import { KeptFile } from '../procfs/read.ts';
import type { CeilingContext, CeilingReader } from './context.ts';
import { type LevelFacts, openLevels } from './levels.ts';

/** One vm_area_struct: what an untouched map costs. */
const BYTES_PER_MAP = 192;
/** v1 has no `max`: PAGE_COUNTER_MAX pages, whatever the page size, is above this. */
const V1_UNLIMITED = 2 ** 62;

/** `memory.max` of every ancestor (v1 `memory.limit_in_bytes`): reached, it ends somebody, it gives no errno. */
export const memoryMax: CeilingReader = {
  name: 'memory.max',
  open: (context) => {
    const isV1 = context.places.memory?.version === 1;
    return openLevels(context.root, context.places.memory, {
      ...levelOf(context, isV1),
      name: 'memory.max',
      limitFile: isV1 ? 'memory.limit_in_bytes' : 'memory.max',
      effect: 'kills',
    });
  },
};

/** `memory.high` of every ancestor: above it growth is slowed down (2,000 threads a second to 8–25), never refused. */
export const memoryHigh: CeilingReader = {
  name: 'memory.high',
  open: (context) => {
    if (context.places.memory?.version !== 2) return () => [];
    return openLevels(context.root, context.places.memory, {
      ...levelOf(context, false),
      name: 'memory.high',
      limitFile: 'memory.high',
      effect: 'throttles',
    });
  },
};

/**
 * `memory.kmem.limit_in_bytes` of v1, where the kernel still honours it: since 5.16 (and in stable kernels of
 * 2023) a write means nothing and it reads as unlimited, so a number in it is one that binds.
 */
export const kernelMemoryMax: CeilingReader = {
  name: 'memory.kmem.limit_in_bytes',
  open: (context) => {
    if (context.places.memory?.version !== 1) return () => [];
    const read = openLevels(context.root, context.places.memory, {
      ...levelOf(context, true),
      name: 'memory.kmem.limit_in_bytes',
      limitFile: 'memory.kmem.limit_in_bytes',
      usedFile: 'memory.kmem.usage_in_bytes',
    });
    const hasLimit = read().some(({ limit }) => typeof limit === 'number');
    return hasLimit ? () => read().filter(({ limit }) => typeof limit === 'number') : () => [];
  },
};

function levelOf(context: CeilingContext, isV1: boolean): Omit<LevelFacts, 'name' | 'limitFile'> {
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

/** File pages that the kernel drops before it calls anybody out of memory; what tmpfs holds is not among them. */
export function parseReclaimable(stat: string, prefix: '' | 'total_'): number {
  let bytes = 0;
  for (const name of ['inactive_file', 'active_file', 'slab_reclaimable']) {
    const match = new RegExp(`^${prefix}${name} (\\d+)$`, 'm').exec(stat);
    bytes += match === null ? 0 : Number(match[1]);
  }
  return bytes;
}

function memoryCost({ cost }: CeilingContext): UnitCost {
  const { threadBytes, processBytes } = cost();
  return { thread: threadBytes, process: processBytes, map: BYTES_PER_MAP };
}

/** The host's free memory, as the kernel estimates it, against the cost of a thread; at its end comes the OOM killer. */
export const memAvailable: CeilingReader = {
  name: 'MemAvailable',
  open: (context) => () => {
    const { totalBytes, availableBytes } = parseMeminfo(context.meminfo.read() ?? '');
    const isKnown = totalBytes !== undefined && availableBytes !== undefined;
    return [
      makeCeiling({
        name: 'MemAvailable',
        scope: 'host',
        unit: 'bytes',
        used: isKnown ? totalBytes - availableBytes : 'unknown',
        limit: isKnown ? totalBytes : 'unknown',
        cost: memoryCost(context),
        effect: 'kills',
        isEstimate: true,
        source: '/proc/meminfo',
        raise: 'more memory',
      }),
    ];
  },
};
