import type { Ceiling } from '../core/model.ts';
import { parseLoadavg } from '../procfs/loadavg.ts';
import { KeptFile } from '../procfs/read.ts';
import { type CeilingRow, ceilingRow, constant, type MakeRow } from './row.ts';

/** Pids 1–299 are not given out again once the cursor has passed them (RESERVED_PIDS, kernel/pid.c). */
export const RESERVED_PIDS = 300;

const SOURCE = '/proc/sys/kernel/pid_max, /proc/loadavg, /proc/*/stat (groups, sessions)';
const RAISE = 'sysctl kernel.pid_max (at most 4194304)';

/**
 * `kernel.pid_max`: the numbers from 300 up that no task, process group or session holds. On a young system the cursor
 * has not yet passed the reserved numbers, and those ahead of it are given out once:
 * `pid_max − 300 − used + max(0, 300 − cursor)`, which was exact in every case measured. Since Linux 6.14 each pid
 * namespace has a limit of its own, and a new one has 4,194,304, so the limit inside a container says nothing about the
 * host's.
 */
export const pidMax: CeilingRow = ceilingRow('kernel.pid_max', (context, make) => {
  const { asker, loadavg, pidNamespace, pidUse, root } = context;
  if (pidNamespace === 'foreign') return constant([insideOnly(make)]);
  const limit = new KeptFile(root.proc('sys/kernel/pid_max'));
  const isNested = pidNamespace === 'nested';
  const outer = isNested ? [outsideOnly(make)] : [];
  return () => {
    const load = parseLoadavg(loadavg.read() ?? '');
    const { isWhole, outside, pinned, tasks = load?.tasks } = pidUse();
    const fresh = Math.max(0, RESERVED_PIDS - ((load?.lastPid ?? RESERVED_PIDS) + 1));
    const isUnknown = tasks === undefined || (isNested && !isWhole);
    return [
      make({
        scope: 'pid-namespace',
        unit: 'tasks',
        used: isUnknown ? 'unknown' : tasks - outside + pinned - (asker?.tasks ?? 0),
        limit: limit.readNumber(),
        withheld: RESERVED_PIDS - fresh,
        isEstimate: !isWhole,
        note: isWhole ? undefined : 'hidepid hides the processes of other users: run it as root',
        source: SOURCE,
        raise: RAISE,
      }),
      ...outer,
    ];
  };
});

function insideOnly(make: MakeRow): Ceiling {
  return unknown(make, 'its own pid namespace', 'it can be read only inside: nsenter -t PID -p -m threadguard limits');
}

function outsideOnly(make: MakeRow): Ceiling {
  return unknown(make, 'the namespaces around this one', 'it can be read only outside: run it on the host');
}

function unknown(make: MakeRow, path: string, note: string): Ceiling {
  return make({
    scope: 'pid-namespace',
    path,
    unit: 'tasks',
    used: 'unknown',
    limit: 'unknown',
    note,
    source: SOURCE,
    raise: RAISE,
  });
}
