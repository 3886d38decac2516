import { makeCeiling } from '../core/ceiling.ts';
import { DTV_BYTES } from '../core/cost.ts';
import type { CeilingContext, CeilingReader } from './context.ts';

const PAGE = 4096;

/** RLIMIT_AS: all of the address space, PROT_NONE guards too; a thread takes its stack, the guard and its DTV. */
export const addressSpace: CeilingReader = rlimit('RLIMIT_AS', 'Max address space', 'LimitAS=', 'vmSizeBytes', true);

/** RLIMIT_DATA: private writable memory (since Linux 4.7); refused in mprotect, when the stack becomes writable. */
export const dataSize: CeilingReader = rlimit('RLIMIT_DATA', 'Max data size', 'LimitDATA=', 'vmDataBytes', false);

function rlimit(
  name: string,
  row: string,
  setting: string,
  counter: 'vmSizeBytes' | 'vmDataBytes',
  hasGuard: boolean,
): CeilingReader {
  return {
    name,
    open: (context) => () => {
      const limit = context.limits.get(row)?.soft ?? 'unknown';
      const { isMeasured } = context.cost();
      return [
        makeCeiling({
          name,
          scope: 'process',
          unit: 'bytes',
          // Not looked at where nothing limits it: this is read at every look of the guard.
          used: typeof limit === 'number' ? (context.memory()?.[counter] ?? 'unknown') : 'unknown',
          limit,
          cost: { thread: perThread(context, hasGuard), process: 0, map: PAGE },
          isEstimate: !isMeasured,
          source: `/proc/PID/limits (${row}), /proc/PID/status`,
          raise: `${setting} of the unit, or ulimit ${hasGuard ? '-v' : '-d'}`,
        }),
      ];
    },
  };
}

function perThread(context: CeilingContext, hasGuard: boolean): number {
  const { stackBytes, guardBytes } = context.cost();
  return stackBytes + (hasGuard ? guardBytes : 0) + DTV_BYTES;
}
