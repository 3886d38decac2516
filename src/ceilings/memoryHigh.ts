import { openLevels } from './levels.ts';
import { memoryLevel } from './memoryLevels.ts';
import { type CeilingRow, ceilingRow, constant } from './row.ts';

/** `memory.high` of every ancestor (v2). Above it growth slows down, from 2,000 threads a second to 8–25; nothing is refused. */
export const memoryHigh: CeilingRow = ceilingRow('memory.high', (context, make) => {
  const { places, root } = context;
  if (places.memory?.version !== 2) return constant([]);
  return openLevels(root, places.memory, make, {
    ...memoryLevel(context),
    limitFile: 'memory.high',
    effect: 'throttles',
  });
});
