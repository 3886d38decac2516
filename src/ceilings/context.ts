import type { CgroupPlaces } from '../cgroup/locate.ts';
import type { TaskCost } from '../core/cost.ts';
import type { ResourceLimit } from '../procfs/limits.ts';
import type { KeptFile } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';

/** The process that process ceilings are read for: the heaviest of the target. */
export interface ProcessUse {
  readonly pid: number;
  /** `'unknown'` without the rights of ptrace. */
  readonly maps: number | 'unknown';
}

/** How the numbers of the pid namespace are taken beyond what `/proc/loadavg` says. */
export interface PidUse {
  /** Tasks of a nested namespace; `undefined` in the host's own, where nr_threads is the number. */
  readonly tasks: number | undefined;
  /** Tasks whose number is not between 300 and the limit, and numbers that no task but a group or a session holds. */
  readonly outside: number;
  readonly pinned: number;
  /** False where `/proc` does not show everybody (hidepid). */
  readonly isWhole: boolean;
}

export interface Asker {
  readonly tasks: number;
  /** Private writable memory, which is what overcommit mode 2 charges. */
  readonly committedBytes: number;
  readonly uid: number;
  readonly places: CgroupPlaces;
}

/** What a ceiling may look at. One is made for a subject and used at every look. */
export interface CeilingContext {
  readonly root: KernelRoot;
  /** Where the subject's tasks are charged. For a target of `run`: the guard's own place, whose child it is. */
  readonly places: CgroupPlaces;
  /** Kept-open `/proc/loadavg` and `/proc/meminfo`, read by several ceilings and the sampler. */
  readonly loadavg: KeptFile;
  readonly meminfo: KeptFile;
  /** Real uid of the subject and whether the kernel exempts it from RLIMIT_NPROC. */
  readonly uid: number;
  readonly isNprocExempt: boolean;
  /** In a user namespace of its own: what its creator may have is a second limit that nothing shows. */
  readonly isInUserNamespace: boolean;
  /** Resource limits of the subject, by the title in `/proc/PID/limits`, before the guard touched them. */
  readonly limits: ReadonlyMap<string, ResourceLimit>;
  /** Tasks of that uid as last counted (a scan; gated by its cost). */
  readonly uidTasks: () => number;
  /** `'foreign'` for a subject in another pid namespace than ours: its limit can be read only in there. */
  readonly pidNamespace: 'host' | 'nested' | 'foreign';
  readonly pidUse: () => PidUse;
  /**
   * Tasks of the one who asks, in the uid and places that they count in: a command that looks once will be gone
   * when its answer is read. None for the guard, which stays.
   */
  readonly asker: Asker | undefined;
  readonly process: () => ProcessUse | undefined;
  /** Address space of that process; asked for only where a limit on it is set. */
  readonly memory: () => { readonly vmSizeBytes: number; readonly vmDataBytes: number } | undefined;
  readonly cost: () => TaskCost;
}
