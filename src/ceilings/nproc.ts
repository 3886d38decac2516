import { type CeilingRow, ceilingRow, constant } from './row.ts';

/** Its title in `/proc/PID/limits`. */
const TITLE = 'Max processes';

/**
 * RLIMIT_NPROC: tasks of the real uid, in all containers that share it. Uid 0 is exempt, and outside of user namespaces
 * so are holders of CAP_SYS_RESOURCE or CAP_SYS_ADMIN (copy_process, kernel/fork.c). In a user namespace the limit of
 * its creator is a second one (kernel/ucount.c), which no file shows.
 */
export const nproc: CeilingRow = ceilingRow('RLIMIT_NPROC', (context, make) => {
  const { asker, isInUserNamespace, isNprocExempt, uid } = context;
  const limit = context.limits.get(TITLE)?.soft ?? 'unknown';
  const asking = asker?.uid === uid ? asker.tasks : 0;
  const isCounted = !isNprocExempt && typeof limit === 'number';
  const read = () => [
    make({
      scope: 'user',
      path: `uid ${uid}`,
      unit: 'tasks',
      used: isCounted ? context.uidTasks() - asking : 'unknown',
      limit,
      exempt: isNprocExempt,
      isEstimate: isInUserNamespace,
      note: noteOf(isNprocExempt, isInUserNamespace),
      source: '/proc/PID/limits (Max processes), /proc/*/task and status of that uid',
      raise: 'LimitNPROC= of the unit, or nproc in limits.conf(5)',
    }),
  ];
  return isCounted ? read : constant(read());
});

function noteOf(isExempt: boolean, isInUserNamespace: boolean): string | undefined {
  if (isExempt) return 'uid 0 and CAP_SYS_RESOURCE or CAP_SYS_ADMIN are exempt';
  return isInUserNamespace
    ? 'the limit of the creator of the user namespace counts too, and no file shows it'
    : undefined;
}
