import { makeCeiling } from '../core/ceiling.ts';
import type { CeilingReader } from './context.ts';

/** RLIMIT_NPROC: tasks of the real uid; uid 0 and holders of CAP_SYS_RESOURCE or CAP_SYS_ADMIN are exempt. */
export const nproc: CeilingReader = {
  name: 'RLIMIT_NPROC',
  open: (context) => () => [
    makeCeiling({
      name: 'RLIMIT_NPROC',
      scope: 'user',
      path: `uid ${context.uid}`,
      unit: 'tasks',
      used: context.isNprocExempt ? 'unknown' : context.uidTasks(),
      limit: context.nprocLimit,
      exempt: context.isNprocExempt,
      source: '/proc/PID/limits (Max processes), /proc/*/status of that uid',
      raise: 'LimitNPROC= of the unit, or nproc in limits.conf(5)',
    }),
  ],
};
