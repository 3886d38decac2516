import { makeCeiling } from '../core/ceiling.ts';
import type { Ceiling } from '../core/model.ts';
import { parseLoadavg } from '../procfs/loadavg.ts';
import { KeptFile } from '../procfs/read.ts';
import type { CeilingReader } from './context.ts';

/** Pids 1–299 are not given out again once the cursor has passed them (RESERVED_PIDS, kernel/pid.c). */
export const RESERVED_PIDS = 300;

const SOURCE = '/proc/sys/kernel/pid_max, /proc/loadavg, /proc/*/stat (groups, sessions)';
const RAISE = 'sysctl kernel.pid_max (at most 4194304)';

/**
 * `kernel.pid_max`: numbers from 300 up that no task, process group or session holds. On a young system the
 * cursor has not yet passed the reserved ones, and those ahead of it are given out once:
 * `pid_max − 300 − used + max(0, 300 − cursor)`, exact in every case measured. Since Linux 6.14 each pid
 * namespace has a limit of its own, a new one 4,194,304, so the one that is read in a container says nothing
 * of the host's.
 */
export const pidMax: CeilingReader = {
  name: 'kernel.pid_max',
  open: (context) => {
    const { root, loadavg, pidNamespace, pidUse, asker } = context;
    if (pidNamespace === 'foreign') return () => [foreign()];
    const limit = new KeptFile(root.proc('sys/kernel/pid_max'));
    const outer = pidNamespace === 'nested' ? [ancestorsOf()] : [];
    return () => {
      const load = parseLoadavg(loadavg.read() ?? '');
      const { tasks = load?.tasks, outside, pinned, isWhole } = pidUse();
      const fresh = Math.max(0, RESERVED_PIDS - ((load?.lastPid ?? RESERVED_PIDS) + 1));
      const isNested = pidNamespace === 'nested';
      return [
        makeCeiling({
          name: 'kernel.pid_max',
          scope: 'pid-namespace',
          unit: 'tasks',
          used:
            tasks === undefined || (isNested && !isWhole) ? 'unknown' : tasks - outside + pinned - (asker?.tasks ?? 0),
          limit: limit.readNumber(),
          withheld: RESERVED_PIDS - fresh,
          isEstimate: !isWhole,
          note: isWhole ? undefined : 'hidepid hides other users’ processes: run it as root',
          source: SOURCE,
          raise: RAISE,
        }),
        ...outer,
      ];
    };
  },
};

function foreign(): Ceiling {
  return unknown('its own pid namespace', 'it can be read only inside: nsenter -t PID -p -m threadguard limits');
}

function ancestorsOf(): Ceiling {
  return unknown('the namespaces around this one', 'it can be read only out there: run it on the host');
}

function unknown(path: string, note: string): Ceiling {
  return makeCeiling({
    name: 'kernel.pid_max',
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
