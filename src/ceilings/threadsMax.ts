import { makeCeiling } from '../core/ceiling.ts';
import { parseLoadavg } from '../procfs/loadavg.ts';
import { KeptFile } from '../procfs/read.ts';
import type { CeilingReader } from './context.ts';

/** `kernel.threads-max`, against nr_threads; nobody is exempt, root neither (kernel/fork.c). */
export const threadsMax: CeilingReader = {
  name: 'kernel.threads-max',
  open: ({ root, loadavg }) => {
    const limit = new KeptFile(root.proc('sys/kernel/threads-max'));
    return () => [
      makeCeiling({
        name: 'kernel.threads-max',
        scope: 'host',
        unit: 'tasks',
        used: parseLoadavg(loadavg.read() ?? '')?.tasks ?? 'unknown',
        limit: limit.readNumber(),
        source: '/proc/sys/kernel/threads-max, /proc/loadavg',
        raise: 'sysctl kernel.threads-max',
      }),
    ];
  },
};
