import type { Ceiling } from '../core/model.ts';
import { KeptFile } from '../procfs/read.ts';
import { type CeilingRow, ceilingRow } from './row.ts';

/**
 * `vm.max_map_count` against the process of the subject that holds the most maps. A thread takes as many maps as was
 * measured of this very process. A plain mmap may end one above the limit, because the kernel checks before it maps
 * (`mm->map_count > sysctl_max_map_count`, mm/mmap.c).
 */
export const maxMapCount: CeilingRow = ceilingRow('vm.max_map_count', ({ cost, process, root }, make) => {
  const limit = new KeptFile(root.proc('sys/vm/max_map_count'));
  return () => {
    const heaviest = process();
    const { isMeasured, threadMaps, uncertainty } = cost();
    const ceiling = make({
      scope: 'process',
      ...(heaviest === undefined ? {} : { path: `pid ${heaviest.pid}` }),
      unit: 'maps',
      used: heaviest?.maps ?? 0,
      limit: limit.readNumber(),
      cost: { thread: threadMaps, process: 0, map: 1 },
      isEstimate: !isMeasured || uncertainty.maps > 0,
      note:
        heaviest?.maps === 'unknown'
          ? 'only its own user, or CAP_SYS_PTRACE, may read its maps'
          : `${Number(threadMaps.toFixed(2))}${spread(uncertainty.maps)} maps a thread${isMeasured ? ', measured' : ''}`,
      source: '/proc/sys/vm/max_map_count, /proc/PID/maps',
      raise: 'sysctl vm.max_map_count',
    });
    return [withSpare(ceiling)];
  };
});

function spread(maps: number): string {
  return maps === 0 ? '' : ` ± ${Number(maps.toFixed(2))}`;
}

function withSpare(ceiling: Ceiling): Ceiling {
  return typeof ceiling.remaining === 'number' ? { ...ceiling, additionalMaps: ceiling.remaining + 1 } : ceiling;
}
