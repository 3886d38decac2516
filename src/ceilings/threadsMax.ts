import { parseLoadavg } from '../procfs/loadavg.ts';
import { KeptFile } from '../procfs/read.ts';
import { type CeilingRow, ceilingRow } from './row.ts';

/** `kernel.threads-max` against nr_threads. Nobody is exempt, not even root (kernel/fork.c). */
export const threadsMax: CeilingRow = ceilingRow('kernel.threads-max', ({ asker, loadavg, root }, make) => {
  const limit = new KeptFile(root.proc('sys/kernel/threads-max'));
  const asking = asker?.tasks ?? 0;
  return () => {
    const tasks = parseLoadavg(loadavg.read() ?? '')?.tasks;
    return [
      make({
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
});
