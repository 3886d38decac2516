import { formatBytes, formatCount } from '../core/units.ts';
import { type Check, check, type RoomFindings } from './findings.ts';

/** The guard's own tasks, its child, and some to spare. */
const NEEDED_TASKS = 64;
const NEEDED_FILES = 128;
/** Node reserves about this much address space at its start. */
const NEEDED_BYTES = 2 * 1024 ** 3;

/** There are tasks left. */
export function roomCheck({ room: { by, tasks } }: RoomFindings): Check {
  return check(
    'room',
    tasks === undefined || tasks >= NEEDED_TASKS,
    tasks === undefined ? 'unknown' : `${formatCount(tasks)} more tasks, bound by ${by}`,
    'threadguard limits --suggest',
  );
}

/** There are descriptors left. */
export function openFilesCheck({ openFiles }: RoomFindings): Check {
  return check(
    'open files',
    typeof openFiles !== 'number' || openFiles >= NEEDED_FILES,
    `RLIMIT_NOFILE ${openFiles ?? 'unknown'}`,
    'LimitNOFILE=1024 in the unit, or ulimit -n 1024',
  );
}

/** Node can start. */
export function addressSpaceCheck({ addressSpaceBytes }: RoomFindings): Check {
  return check(
    'address space',
    typeof addressSpaceBytes !== 'number' || addressSpaceBytes >= NEEDED_BYTES,
    `RLIMIT_AS ${typeof addressSpaceBytes === 'number' ? formatBytes(addressSpaceBytes) : (addressSpaceBytes ?? 'unknown')}`,
    'ulimit -v unlimited for the guard; set the limit on the command with prlimit',
  );
}

/** PID 1 reaps. */
export function initCheck({ init, unreaped }: RoomFindings): Check {
  return check(
    'PID 1',
    unreaped === 0,
    unreaped === 0 ? `${init} reaps` : `${init} leaves ${unreaped} zombies, and each holds a task`,
    'docker run --init, or tini as the entry point',
  );
}
