import { makeCeiling } from '../core/ceiling.ts';
import { parseLoadavg } from '../procfs/loadavg.ts';
import { KeptFile } from '../procfs/read.ts';
import type { CeilingReader } from './context.ts';

/** `kernel.threads-max`, against nr_threads; nobody is exempt, root neither (kernel/fork.c). */
export const threadsMax: CeilingReader = {
  name: 'kernel.threads-max',
  open: ({ root, loadavg, asker }) => {
    const limit = new KeptFile(root.proc('sys/kernel/threads-max'));
    const asking = asker?.tasks ?? 0;
    return () => {
      const tasks = parseLoadavg(loadavg.read() ?? '')?.tasks;
      return [
        makeCeiling({
          name: 'kernel.threads-max',
          scope: 'host',
          unit: 'tasks',
          used: tasks === undefined ? 'unknown' : tasks - asking,
          limit: limit.readNumber(),
          note: limit.error === undefined ? undefined : `cannot read it (${limit.error})`,
          source: '/proc/sys/kernel/threads-max, /proc/loadavg',
          raise: 'sysctl kernel.threads-max',
        }),
      ];
    };
  },
};
