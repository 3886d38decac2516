import { type Check, check, type SightFindings } from './findings.ts';

/** Maps and stacks of everybody can be read. */
export function ptraceCheck({ canPtrace, ptraceScope }: SightFindings): Check {
  const scope = ptraceScope === undefined ? '' : ` (kernel.yama.ptrace_scope ${ptraceScope})`;
  return check(
    'ptrace',
    canPtrace,
    canPtrace
      ? 'maps and stacks of other users’ processes can be read'
      : `maps and stacks can be read of this user’s own processes only${scope}`,
    'AmbientCapabilities=CAP_SYS_PTRACE, or run it as root',
  );
}

/** Every process can be counted. */
export function hidepidCheck({ hidesProcesses }: SightFindings): Check {
  return check(
    'hidepid',
    !hidesProcesses,
    hidesProcesses
      ? '/proc hides other users’ processes: what the host holds is estimated'
      : '/proc shows every process',
    'mount -o remount,gid=GROUP /proc and put the guard’s user into that group',
  );
}

/** The size of a task_struct is known. */
export function slabsCheck({ canReadSlabs }: SightFindings): Check {
  return check(
    'slabs',
    canReadSlabs,
    canReadSlabs
      ? 'kernel memory per task can be read'
      : 'only root may read /proc/slabinfo: limits --who shows no task_struct memory',
    'run limits --who as root',
  );
}

/** A refused call can be watched. */
export function traceCheck({ canTrace }: SightFindings): Check {
  return check(
    'trace',
    canTrace !== undefined,
    canTrace === undefined ? 'no way to watch a refused call' : `explain --trace works by ${canTrace}`,
    'apt-get install strace',
  );
}

/** Who makes each task is known. */
export function creatorsCheck({ whyNotTraced }: SightFindings): Check {
  return check(
    'creators',
    whyNotTraced === undefined,
    whyNotTraced === undefined
      ? 'the kernel records who makes each thread and process (tracepoint task:task_newtask)'
      : `who makes threads is sampled, not recorded by the kernel: ${whyNotTraced}`,
    'run it as root, or with CAP_PERFMON and CAP_SYS_PTRACE where tracefs can be read',
  );
}

/** Stacks of managed programs can be had. */
export function runtimesCheck({ runtimes }: SightFindings): Check {
  return check(
    'runtimes',
    runtimes.length > 0,
    runtimes.length === 0 ? 'none on the PATH' : runtimes.map(({ channel, name }) => `${name} (${channel})`).join(', '),
    'stacks of native programs need nothing',
  );
}
