import { openLevels } from './levels.ts';
import { memoryLevel } from './memoryLevels.ts';
import { type CeilingRow, ceilingRow } from './row.ts';

/** `memory.max` of every ancestor (v1 `memory.limit_in_bytes`). At the limit the kernel kills; there is no errno. */
export const memoryMax: CeilingRow = ceilingRow('memory.max', (context, make) => {
  const { places, root } = context;
  return openLevels(root, places.memory, make, {
    ...memoryLevel(context),
    limitFile: places.memory?.version === 1 ? 'memory.limit_in_bytes' : 'memory.max',
    effect: 'kills',
  });
});
