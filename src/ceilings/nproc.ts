import { makeCeiling } from '../core/ceiling.ts';
import type { Ceiling } from '../core/model.ts';
import type { CeilingReader } from './context.ts';

/** Row of `/proc/PID/limits`. */
const ROW = 'Max processes';

/**
 * RLIMIT_NPROC: tasks of the real uid in every container that shares it. Uid 0 and, outside of user
 * namespaces, holders of CAP_SYS_RESOURCE or CAP_SYS_ADMIN are exempt (copy_process, kernel/fork.c). In a user
 * namespace what its creator may have is a second limit (kernel/ucount.c), which no file shows.
 */
export const nproc: CeilingReader = {
  name: 'RLIMIT_NPROC',
  open: (context) => {
    const limit = context.limits.get(ROW)?.soft ?? 'unknown';
    const asking = context.asker?.uid === context.uid ? context.asker.tasks : 0;
    const isCounted = !context.isNprocExempt && typeof limit === 'number';
    const read = (): readonly Ceiling[] => [
      makeCeiling({
        name: 'RLIMIT_NPROC',
        scope: 'user',
        path: `uid ${context.uid}`,
        unit: 'tasks',
        used: isCounted ? context.uidTasks() - asking : 'unknown',
        limit,
        exempt: context.isNprocExempt,
        isEstimate: context.isInUserNamespace,
        note: noteOf(context.isNprocExempt, context.isInUserNamespace),
        source: '/proc/PID/limits (Max processes), /proc/*/task and status of that uid',
        raise: 'LimitNPROC= of the unit, or nproc in limits.conf(5)',
      }),
    ];
    if (isCounted) return read;
    const rows = read();
    return () => rows;
  },
};

function noteOf(isExempt: boolean, isInUserNamespace: boolean): string | undefined {
  if (isExempt) return 'uid 0 and CAP_SYS_RESOURCE or CAP_SYS_ADMIN are exempt';
  return isInUserNamespace
    ? 'the limit of the creator of the user namespace holds too, and no file shows it'
    : undefined;
}
