import { openLevels } from './levels.ts';
import { memoryLevel } from './memoryLevels.ts';
import { type CeilingRow, ceilingRow, constant } from './row.ts';

/**
 * `memory.kmem.limit_in_bytes` of v1, where the kernel still honours it. Since 5.16 (and in stable kernels of 2023) a
 * write has no effect and it reads as unlimited, so a number in it is one that binds.
 */
export const kernelMemoryMax: CeilingRow = ceilingRow('memory.kmem.limit_in_bytes', (context, make) => {
  const { places, root } = context;
  if (places.memory?.version !== 1) return constant([]);
  const read = openLevels(root, places.memory, make, {
    ...memoryLevel(context),
    limitFile: 'memory.kmem.limit_in_bytes',
    usedFile: 'memory.kmem.usage_in_bytes',
  });
  const limited = () => read().filter(({ limit }) => typeof limit === 'number');
  return limited().length > 0 ? limited : constant([]);
});
