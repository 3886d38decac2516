import { parseMeminfo } from '../procfs/meminfo.ts';
import { readNumber } from '../procfs/read.ts';
import { type CeilingRow, ceilingRow, constant } from './row.ts';

const KIB = 1024;
const PAGE = 4096;
/** vm.overcommit_memory = 2: no more may be promised than CommitLimit. */
const NEVER_OVERCOMMIT = 2;
/** A process keeps a 32nd of its own size free, at most user_reserve_kbytes. */
const OWN_RESERVE = 1 / 32;

/**
 * `CommitLimit`, which binds under vm.overcommit_memory = 2. Every private writable mapping is charged in full, also a
 * stack that is never touched (__vm_enough_memory, mm/util.c). 8 MiB are kept for root, and a share of its own size, at
 * most user_reserve_kbytes, from a single process.
 */
export const commitLimit: CeilingRow = ceilingRow('CommitLimit', (context, make) => {
  const { asker, cost, isNprocExempt, meminfo, memory, root } = context;
  const isOn = readNumber(root.proc('sys/vm/overcommit_memory')) === NEVER_OVERCOMMIT;
  if (!isOn) return constant([]);
  const reserve = (name: string) => {
    const value = readNumber(root.proc('sys/vm', name));
    return typeof value === 'number' ? value * KIB : 0;
  };
  const adminReserve = isNprocExempt ? 0 : reserve('admin_reserve_kbytes');
  const userReserve = reserve('user_reserve_kbytes');
  return () => {
    const { commitLimitBytes, committedBytes } = parseMeminfo(meminfo.read() ?? '');
    const { stackBytes, writableBytes } = cost();
    const own = Math.min((memory()?.vmSizeBytes ?? 0) * OWN_RESERVE, userReserve);
    return [
      make({
        scope: 'host',
        unit: 'bytes',
        used: committedBytes === undefined ? 'unknown' : committedBytes - (asker?.committedBytes ?? 0),
        limit: commitLimitBytes ?? 'unknown',
        withheld: adminReserve + own,
        cost: {
          // Until it is capped, the reserve grows with every stack.
          thread: own < userReserve ? stackBytes * (1 + OWN_RESERVE) : stackBytes,
          process: Math.max(PAGE, writableBytes),
          map: PAGE,
        },
        isEstimate: true,
        source: '/proc/meminfo (CommitLimit, Committed_AS)',
        raise: 'sysctl vm.overcommit_ratio, or vm.overcommit_memory=0',
      }),
    ];
  };
});
