import type { CeilingName } from '../core/ceilingTable.ts';
import { DTV_BYTES } from '../core/cost.ts';
import type { CeilingContext } from './context.ts';
import { type CeilingRow, ceilingRow, constant } from './row.ts';

const PAGE = 4096;

/** A resource limit on the memory of one process. */
export interface RlimitFacts {
  /** Its title in `/proc/PID/limits`. */
  readonly title: string;
  /** What counts against it, in `/proc/PID/status`. */
  readonly counter: 'vmSizeBytes' | 'vmDataBytes';
  /** Whether the guard page of a stack counts: it is address space, but it cannot be written. */
  readonly hasGuard: boolean;
  readonly raise: string;
}

/** A row for such a limit. A thread takes its stack and its dynamic thread vector (glibc), a map at least a page. */
export function rlimitRow(name: CeilingName, { counter, hasGuard, raise, title }: RlimitFacts): CeilingRow {
  return ceilingRow(name, (context, make) => {
    const limit = context.limits.get(title)?.soft ?? 'unknown';
    const read = () => [
      make({
        scope: 'process',
        unit: 'bytes',
        used: typeof limit === 'number' ? (context.memory()?.[counter] ?? 'unknown') : 'unknown',
        limit,
        cost: { thread: perThread(context, hasGuard), process: 0, map: PAGE },
        isEstimate: !context.cost().isMeasured,
        source: `/proc/PID/limits (${title}), /proc/PID/status`,
        raise,
      }),
    ];
    return typeof limit === 'number' ? read : constant(read());
  });
}

function perThread(context: CeilingContext, hasGuard: boolean): number {
  const { guardBytes, stackBytes } = context.cost();
  return stackBytes + (hasGuard ? guardBytes : 0) + DTV_BYTES;
}
