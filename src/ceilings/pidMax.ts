import { makeCeiling } from '../core/ceiling.ts';
import { parseLoadavg } from '../procfs/loadavg.ts';
import { KeptFile } from '../procfs/read.ts';
import type { CeilingReader } from './context.ts';

/** Pids 1–299 are not given out again once the cursor has passed them (RESERVED_PIDS, kernel/pid.c). */
const RESERVED_PIDS = 300;

/**
 * `kernel.pid_max`. On the host used is nr_threads. A nested pid namespace has a limit of its own since
 * Linux 6.14, so there the tasks that its `/proc` shows are counted instead.
 */
export const pidMax: CeilingReader = {
  name: 'kernel.pid_max',
  open: ({ root, loadavg, namespaceTasks }) => {
    const limit = new KeptFile(root.proc('sys/kernel/pid_max'));
    return () => [
      makeCeiling({
        name: 'kernel.pid_max',
        scope: 'pid-namespace',
        unit: 'tasks',
        used: namespaceTasks?.() ?? parseLoadavg(loadavg.read() ?? '')?.tasks ?? 'unknown',
        limit: limit.readNumber(),
        withheld: RESERVED_PIDS,
        source: '/proc/sys/kernel/pid_max, /proc/loadavg',
        raise: 'sysctl kernel.pid_max (at most 4194304)',
      }),
    ];
  },
};
