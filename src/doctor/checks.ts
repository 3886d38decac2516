/** One thing that `run` wants of a machine, and how to get it. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** The command or setting that improves it; empty where it is well, or nothing can be done. */
  readonly hint: string;
}

/** What was found out about a machine and a user; `undefined` is "could not be told". */
export interface Findings {
  readonly kernel: string;
  readonly containment: { readonly kind: string; readonly isCgroup: boolean; readonly why: readonly string[] };
  readonly cgroupVersion: 1 | 2 | undefined;
  readonly hasCgroupKill: boolean;
  readonly hasLocalEvents: boolean;
  readonly hasLibc: boolean;
  readonly isSubreaper: boolean;
  readonly priority: 'realtime' | 'nice' | 'none';
  readonly hasAutogroup: boolean;
  /** kernel.yama.ptrace_scope: 0 anybody's own, 1 descendants only, 2 CAP_SYS_PTRACE, 3 nobody. */
  readonly ptraceScope: number | undefined;
  readonly canPtrace: boolean;
  readonly hidesProcesses: boolean;
  readonly canReadSlabs: boolean;
  readonly canTrace: 'tracefs' | 'strace' | undefined;
  /** Runtimes on the PATH and how their stacks can be had. */
  readonly runtimes: readonly { readonly name: string; readonly channel: string }[];
  /** Tasks that can still be made by this user here, and what stops them. */
  readonly room: { readonly tasks: number | undefined; readonly by: string };
  readonly openFiles: number | 'unlimited' | undefined;
  readonly addressSpaceBytes: number | 'unlimited' | undefined;
  /** Zombies that PID 1 had not reaped after a while, and its name. */
  readonly unreaped: number;
  readonly init: string;
}

/** The guard's own tasks, its child, and some to spare. */
const NEEDED_TASKS = 64;
const NEEDED_FILES = 128;
/** Node reserves about this much address space at its start. */
const NEEDED_BYTES = 2 * 1024 ** 3;

/** Turns findings into checks, the ones that matter most first. Pure. */
export function checksOf(found: Findings): Check[] {
  const { containment } = found;
  return [
    check(
      'containment',
      containment.isCgroup,
      containment.isCgroup
        ? `${containment.kind}: the kernel holds the command`
        : `${containment.kind}: ${containment.why.join('; ')}`,
      'systemd-run --scope -p Delegate=yes threadguard run …, or Delegate=yes in the unit',
    ),
    check(
      'cgroups',
      found.cgroupVersion === 2,
      `Linux ${found.kernel}, ${found.cgroupVersion === undefined ? 'no cgroup tree that counts tasks' : `tasks are counted by cgroup v${found.cgroupVersion}`}`,
      found.cgroupVersion === 1
        ? 'boot with systemd.unified_cgroup_hierarchy=1: v2 notifies of refusals, and names the ancestor'
        : 'mount cgroup2 with the pids controller, or let the container have one',
    ),
    check(
      'cgroup.kill',
      found.hasCgroupKill,
      found.hasCgroupKill ? 'a whole tree ends with one write' : 'a tree is ended by a walk',
      'Linux 5.14 or newer with a cgroup v2 tree mounted',
    ),
    check(
      'priority',
      found.priority === 'realtime',
      {
        realtime: 'real-time: it is on time beside 1,500 busy threads',
        nice: 'niceness only: it may be late beside many busy processes',
        none: `none can be had${found.hasAutogroup ? '; its own session (autogroup) has to do' : ''}: it may be late beside many busy processes`,
      }[found.priority],
      'AmbientCapabilities=CAP_SYS_NICE in the unit, or LimitRTPRIO=1',
    ),
    check(
      'libc',
      found.hasLibc,
      found.hasLibc ? 'loaded' : 'koffi could not be loaded: no real-time priority, no subreaper, no RLIMIT_NPROC',
      'npm ci (koffi ships ready-made for glibc and musl)',
    ),
    check(
      'subreaper',
      found.isSubreaper,
      found.isSubreaper
        ? 'orphans of a tree come to the guard'
        : 'orphans that leave their session are found by their start time only',
      'a kernel from 3.4 on, and libc (above)',
    ),
    check(
      'ptrace',
      found.canPtrace,
      found.canPtrace
        ? 'maps and stacks of other users’ processes can be read'
        : `maps and stacks can be read of this user’s own processes only${found.ptraceScope === undefined ? '' : ` (kernel.yama.ptrace_scope ${found.ptraceScope})`}`,
      'AmbientCapabilities=CAP_SYS_PTRACE, or run it as root',
    ),
    check(
      'hidepid',
      !found.hidesProcesses,
      found.hidesProcesses
        ? '/proc hides other users’ processes: what the host holds is estimated'
        : '/proc shows every process',
      'mount -o remount,gid=GROUP /proc and put the guard’s user into that group',
    ),
    check(
      'room',
      found.room.tasks === undefined || found.room.tasks >= NEEDED_TASKS,
      found.room.tasks === undefined ? 'unknown' : `${found.room.tasks} more tasks, bound by ${found.room.by}`,
      'threadguard limits --suggest',
    ),
    check(
      'open files',
      typeof found.openFiles !== 'number' || found.openFiles >= NEEDED_FILES,
      `RLIMIT_NOFILE ${found.openFiles ?? 'unknown'}`,
      'LimitNOFILE=1024 in the unit, or ulimit -n 1024',
    ),
    check(
      'address space',
      typeof found.addressSpaceBytes !== 'number' || found.addressSpaceBytes >= NEEDED_BYTES,
      `RLIMIT_AS ${found.addressSpaceBytes ?? 'unknown'}`,
      'ulimit -v unlimited for the guard; set the limit on the command with prlimit',
    ),
    check(
      'PID 1',
      found.unreaped === 0,
      found.unreaped === 0
        ? `${found.init} reaps`
        : `${found.init} leaves ${found.unreaped} zombies, each holds a task`,
      'docker run --init, or tini as the entry point',
    ),
    check(
      'refusals',
      found.hasLocalEvents,
      found.hasLocalEvents
        ? 'pids.events.local says which ancestor refused'
        : 'pids.events counts where the fork was: an ancestor is found by arithmetic',
      'Linux 6.11 or newer with cgroup v2',
    ),
    check(
      'slabs',
      found.canReadSlabs,
      found.canReadSlabs
        ? 'kernel memory per task can be read'
        : '/proc/slabinfo is root’s: limits --who shows no task_struct memory',
      'run limits --who as root',
    ),
    check(
      'trace',
      found.canTrace !== undefined,
      found.canTrace === undefined ? 'no way to watch a refused call' : `explain --trace works by ${found.canTrace}`,
      'apt-get install strace',
    ),
    check(
      'runtimes',
      found.runtimes.length > 0,
      found.runtimes.length === 0
        ? 'none on the PATH'
        : found.runtimes.map(({ name, channel }) => `${name} (${channel})`).join(', '),
      'stacks of native programs need nothing',
    ),
  ];
}

function check(name: string, ok: boolean, detail: string, hint: string): Check {
  return { name, ok, detail, hint: ok ? '' : hint };
}
