import { parseMeminfo } from '../procfs/meminfo.ts';
import { memoryCost } from './memoryLevels.ts';
import { type CeilingRow, ceilingRow } from './row.ts';

/** The free memory of the host, as the kernel estimates it (since Linux 3.14). At its end comes the OOM killer. */
export const memAvailable: CeilingRow = ceilingRow('MemAvailable', (context, make) => () => {
  const { availableBytes, totalBytes } = parseMeminfo(context.meminfo.read() ?? '');
  const isKnown = totalBytes !== undefined && availableBytes !== undefined;
  return [
    make({
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
});
