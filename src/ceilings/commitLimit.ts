import { makeCeiling } from '../core/ceiling.ts';
import { parseMeminfo } from '../procfs/meminfo.ts';
import { readNumber } from '../procfs/read.ts';
import type { CeilingReader } from './context.ts';

const KIB = 1024;
/** vm.overcommit_memory = 2: no more may be promised than CommitLimit. */
const NEVER_OVERCOMMIT = 2;

/**
 * `CommitLimit` under vm.overcommit_memory = 2: every private writable mapping is charged in full, a stack
 * that is never touched too (__vm_enough_memory, mm/util.c). 8 MiB are kept for root, and a share of itself
 * (at most user_reserve_kbytes) from a single process.
 */
export const commitLimit: CeilingReader = {
  name: 'CommitLimit',
  open: ({ root, meminfo, isNprocExempt, memory, cost, asker }) => {
    const isOn = readNumber(root.proc('sys/vm/overcommit_memory')) === NEVER_OVERCOMMIT;
    if (!isOn) return () => [];
    const reserve = (name: string) => {
      const value = readNumber(root.proc('sys/vm', name));
      return typeof value === 'number' ? value * KIB : 0;
    };
    const adminReserve = isNprocExempt ? 0 : reserve('admin_reserve_kbytes');
    const userReserve = reserve('user_reserve_kbytes');
    return () => {
      const { commitLimitBytes, committedBytes } = parseMeminfo(meminfo.read() ?? '');
      const { stackBytes, writableBytes } = cost();
      const own = Math.min((memory()?.vmSizeBytes ?? 0) / 32, userReserve);
      return [
        makeCeiling({
          name: 'CommitLimit',
          scope: 'host',
          unit: 'bytes',
          used: committedBytes === undefined ? 'unknown' : committedBytes - (asker?.committedBytes ?? 0),
          limit: commitLimitBytes ?? 'unknown',
          withheld: adminReserve + own,
          // The reserve from itself grows with the address space: a 32nd of every stack, until it is capped.
          cost: {
            thread: own < userReserve ? stackBytes * (33 / 32) : stackBytes,
            process: Math.max(4096, writableBytes),
            map: 4096,
          },
          isEstimate: true,
          source: '/proc/meminfo (CommitLimit, Committed_AS)',
          raise: 'sysctl vm.overcommit_ratio, or vm.overcommit_memory=0',
        }),
      ];
    };
  },
};
