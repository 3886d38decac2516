import type { CgroupPlaces } from '../cgroup/locate.ts';
import type { Ceiling } from '../core/model.ts';
import type { KeptFile } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';

/** What a ceiling may look at. One is made for a target and used at every look. */
export interface CeilingContext {
  readonly root: KernelRoot;
  /** Where the target's tasks are charged: the guard's own place, whose child the target is. */
  readonly places: CgroupPlaces;
  /** Kept-open `/proc/loadavg`, read by two ceilings and the sampler. */
  readonly loadavg: KeptFile;
  readonly meminfo: KeptFile;
  /** Real uid of the target and whether the kernel exempts it from RLIMIT_NPROC. */
  readonly uid: number;
  readonly isNprocExempt: boolean;
  /** Soft RLIMIT_NPROC of the target before the guard touched it. */
  readonly nprocLimit: number | 'unlimited';
  /** Tasks of that uid as last counted (a scan; gated by its cost), or `'unknown'`. */
  readonly uidTasks: () => number | 'unknown';
  /** Tasks of a nested pid namespace; `undefined` in the host's own, where nr_threads is the number. */
  readonly namespaceTasks: (() => number) | undefined;
  /** Process with the most maps, as last counted. */
  readonly heaviestMaps: () => { readonly pid: number; readonly maps: number } | undefined;
}

/** One ceiling: how to read it. A reader that throws is reported and skipped alone. */
export interface CeilingReader {
  readonly name: string;
  /** Opens what is read at every look; returns the look itself. */
  open(context: CeilingContext): () => readonly Ceiling[];
}
