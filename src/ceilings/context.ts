import type { CgroupPlaces } from '../cgroup/locate.ts';
import type { TaskCost } from '../core/cost.ts';
import type { ResourceLimit } from '../procfs/limits.ts';
import type { KeptFile } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';

/** The process whose own ceilings are read: the heaviest of the target. */
export interface ProcessUse {
  readonly pid: number;
  /** `'unknown'` without the rights of ptrace. */
  readonly maps: number | 'unknown';
}

/** How the numbers of a pid namespace are used, beyond what `/proc/loadavg` says. */
export interface PidUse {
  /** Tasks of a nested namespace; `undefined` in the host's own, where nr_threads is the number. */
  readonly tasks: number | undefined;
  /** Tasks whose number is not between 300 and the limit. */
  readonly outside: number;
  /** Numbers that only a process group or a session holds. */
  readonly pinned: number;
  /** False where `/proc` does not show everybody (hidepid). */
  readonly isWhole: boolean;
}

/** The command that asks. It ends before anybody reads its answer, so its own tasks and memory do not count. */
export interface Asker {
  readonly tasks: number;
  /** Private writable memory, which is what overcommit mode 2 charges. */
  readonly committedBytes: number;
  readonly uid: number;
  readonly places: CgroupPlaces;
}

/** What the whole machine is asked for. */
export interface HostFacts {
  readonly root: KernelRoot;
  /** Kept open: several ceilings read them at every look. */
  readonly loadavg: KeptFile;
  readonly meminfo: KeptFile;
  /** `undefined` for a guard, which stays. */
  readonly asker: Asker | undefined;
}

/** Where the subject stands, and as whom. */
export interface StandingFacts {
  /** Where its tasks are charged. For a target of `run` that is the guard's own place, below which it is made. */
  readonly places: CgroupPlaces;
  /** Its real uid; -1 when it is not known. */
  readonly uid: number;
  readonly isNprocExempt: boolean;
  /** It is in a user namespace of its own: then the limit of its creator is a second one, which no file shows. */
  readonly isInUserNamespace: boolean;
  /** `'foreign'`: it is in another pid namespace than ours, and the limit can be read only in there. */
  readonly pidNamespace: 'host' | 'nested' | 'foreign';
  /** Its resource limits by their titles in `/proc/PID/limits`, before the guard changed any. */
  readonly limits: ReadonlyMap<string, ResourceLimit>;
}

/** What is counted for the subject, each as it was last counted. */
export interface CountedFacts {
  /** Tasks of its uid: a scan of `/proc`, gated by its cost. */
  readonly uidTasks: () => number;
  readonly pidUse: () => PidUse;
  readonly process: () => ProcessUse | undefined;
  /** Address space of that process; read only where a limit on it is set. */
  readonly memory: () => { readonly vmSizeBytes: number; readonly vmDataBytes: number } | undefined;
  readonly cost: () => TaskCost;
}

/** What a ceiling may look at. One is made for a subject and used at every look. */
export interface CeilingContext extends HostFacts, StandingFacts, CountedFacts {}
