import { ancestors, type CgroupPlaces, type Place } from '../cgroup/locate.ts';
import { readLimits } from '../procfs/limits.ts';
import { readNumber, readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { readStatus } from '../procfs/status.ts';

const SCHED_DEADLINE = 6;
const SECCOMP_FILTER = 2;

/** Why a creation may fail or hang although every ceiling has room. These have no numbers, but an operator must know them. */
export function reasonsAgainst(root: KernelRoot, pid: number | undefined, places: CgroupPlaces): string[] {
  const reasons: string[] = [];
  const status = pid === undefined ? undefined : readStatus(root, pid);
  if (status?.seccomp === SECCOMP_FILTER)
    reasons.push('a seccomp filter is in force: it may refuse clone, mmap or mprotect with an errno of its own');
  if (status?.seccomp === 1) reasons.push('strict seccomp is in force: any clone ends it with SIGKILL');
  if (isFrozen(root, places)) reasons.push('it is frozen: whatever it was about to create waits until it is thawed');
  const locked = pid === undefined ? undefined : readLimits(root, pid).get('Max locked memory')?.soft;
  if (status !== undefined && status.vmLockedBytes > 0 && typeof locked === 'number')
    reasons.push(
      'it locks memory: after mlockall(MCL_FUTURE) a stack over RLIMIT_MEMLOCK is refused with EAGAIN (mmap(2))',
    );
  if (pid !== undefined && readStat(root, pid)?.policy === SCHED_DEADLINE)
    reasons.push('its main thread is SCHED_DEADLINE: it may not clone without SCHED_FLAG_RESET_ON_FORK (EAGAIN)');
  for (const kind of ['pid', 'user', 'mnt', 'net', 'ipc', 'uts', 'cgroup']) {
    if (readNumber(root.proc('sys/user', `max_${kind}_namespaces`)) === 0)
      reasons.push(
        `user.max_${kind}_namespaces is 0: a process with a ${kind} namespace of its own is refused (ENOSPC)`,
      );
  }
  return reasons;
}

/** Whether the cgroup or an ancestor is frozen: `cgroup.events` says it on v2, `freezer.state` on v1. */
function isFrozen(root: KernelRoot, { unified, freezer }: CgroupPlaces): boolean {
  const says = (place: Place | undefined, file: string, pattern: RegExp) =>
    place !== undefined && ancestors(place).some((dir) => pattern.test(readText(root.at(`${dir}/${file}`)) ?? ''));
  return says(unified, 'cgroup.events', /^frozen 1$/m) || says(freezer, 'freezer.state', /^(FROZEN|FREEZING)$/m);
}
