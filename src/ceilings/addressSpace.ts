import { makeCeiling } from '../core/ceiling.ts';
import { DTV_BYTES } from '../core/cost.ts';
import type { Ceiling } from '../core/model.ts';
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
    open: (context) => {
      const limit = context.limits.get(row)?.soft ?? 'unknown';
      const read = (): readonly Ceiling[] => [
        makeCeiling({
          name,
          scope: 'process',
          unit: 'bytes',
          used: typeof limit === 'number' ? (context.memory()?.[counter] ?? 'unknown') : 'unknown',
          limit,
          cost: { thread: perThread(context, hasGuard), process: 0, map: PAGE },
          isEstimate: !context.cost().isMeasured,
          source: `/proc/PID/limits (${row}), /proc/PID/status`,
          raise: `${setting} of the unit, or ulimit ${hasGuard ? '-v' : '-d'}`,
        }),
      ];
      return typeof limit === 'number' ? read : constant(read());
    },
  };
}

/** Where there is no limit there is nothing to look at again: a guard looks often. */
function constant(rows: readonly Ceiling[]): () => readonly Ceiling[] {
  return () => rows;
}

function perThread(context: CeilingContext, hasGuard: boolean): number {
  const { stackBytes, guardBytes } = context.cost();
  return stackBytes + (hasGuard ? guardBytes : 0) + DTV_BYTES;
}
