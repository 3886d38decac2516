import { type Check, check, type HoldFindings, type KernelFindings } from './findings.ts';

/** The kernel holds the command. */
export function containmentCheck({ containment: { isCgroup, kind, why } }: HoldFindings): Check {
  return check(
    'containment',
    isCgroup,
    isCgroup ? `${kind}: the kernel holds the command` : `${kind}: ${why.join('; ')}`,
    'systemd-run --scope -p Delegate=yes threadguard run …, or Delegate=yes in the unit',
  );
}

/** Version 2 notifies of refusals. */
export function cgroupsCheck({ cgroupVersion, kernel }: KernelFindings): Check {
  const counted =
    cgroupVersion === undefined ? 'no cgroup tree that counts tasks' : `tasks are counted by cgroup v${cgroupVersion}`;
  return check(
    'cgroups',
    cgroupVersion === 2,
    `Linux ${kernel}, ${counted}`,
    cgroupVersion === 1
      ? 'boot with systemd.unified_cgroup_hierarchy=1: v2 notifies of refusals, and names the ancestor'
      : 'mount cgroup2 with the pids controller, or let the container have one',
  );
}

/** A whole tree ends at once. */
export function cgroupKillCheck({ hasCgroupKill }: KernelFindings): Check {
  return check(
    'cgroup.kill',
    hasCgroupKill,
    hasCgroupKill ? 'a whole tree ends with one write' : 'a tree is ended by a walk',
    'Linux 5.14 or newer with a cgroup v2 tree mounted',
  );
}

/** The guard is on time beside a storm. */
export function priorityCheck({ hasAutogroup, priority }: HoldFindings & KernelFindings): Check {
  const details = {
    realtime: 'real-time: it is on time beside 1,500 busy threads',
    nice: 'niceness only: it may be late beside many busy processes',
    none: `none can be had${hasAutogroup ? '; its own session (autogroup) has to do' : ''}: it may be late beside many busy processes`,
  };
  return check(
    'priority',
    priority === 'realtime',
    details[priority],
    'AmbientCapabilities=CAP_SYS_NICE in the unit, or LimitRTPRIO=1',
  );
}

/** The calls that Node does not have. */
export function libcCheck({ hasLibc }: HoldFindings): Check {
  return check(
    'libc',
    hasLibc,
    hasLibc ? 'loaded' : 'koffi could not be loaded: no real-time priority, no subreaper, no RLIMIT_NPROC',
    'npm ci (koffi ships ready-made for glibc and musl)',
  );
}

/** Orphans of the target are found. */
export function subreaperCheck({ isSubreaper }: HoldFindings): Check {
  return check(
    'subreaper',
    isSubreaper,
    isSubreaper
      ? 'orphans of a tree come to the guard'
      : 'orphans that leave their session are found by their start time only',
    'a kernel from 3.4 on, and libc (above)',
  );
}

/** An ancestor that refused is named. */
export function refusalsCheck({ hasLocalEvents }: KernelFindings): Check {
  return check(
    'refusals',
    hasLocalEvents,
    hasLocalEvents
      ? 'pids.events.local says which ancestor refused'
      : 'pids.events counts where the fork was: an ancestor is found by arithmetic',
    'Linux 6.11 or newer with cgroup v2',
  );
}
