import { locate } from '../cgroup/locate.ts';
import type { TaskCost } from '../core/cost.ts';
import { countIds, countUidTasks, type IdCalls } from '../procfs/ids.ts';
import { readLimits } from '../procfs/limits.ts';
import { hidesProcesses, isNested, rootOutside } from '../procfs/namespace.ts';
import { KeptFile, readNumber } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { type ProcessStatus, readStatus } from '../procfs/status.ts';
import type { Asker, CeilingContext, PidUse, ProcessUse } from './context.ts';
import { RESERVED_PIDS } from './pidMax.ts';

const CAP_SYS_ADMIN = 21n;
const CAP_SYS_RESOURCE = 24n;

/** Address space of a small C program that has not begun, measured: what a new process is taken for. */
const NEW_PROCESS = { vmSizeBytes: 2_700_000, vmDataBytes: 300_000 };

/** What the caller knows better than `/proc`: what it counts itself, and how often a scan may be made. */
export interface SubjectSources {
  readonly process: () => ProcessUse | undefined;
  readonly cost: () => TaskCost;
  readonly ids?: IdCalls | undefined;
  /** Wraps a scan of all of `/proc`: a command that looks once runs it as it is, a loop gates it. */
  readonly gate: <T>(scan: () => T) => () => T;
  /** True for a command that looks once: its own tasks will be gone when its answer is read. */
  readonly isPassing?: boolean;
  /** Between two scans the host's growth may all be the subject's. Default: none. */
  readonly growth?: ((scan: () => number) => () => number) | undefined;
}

/** Everything the ceilings of a process may look at, opened. A subject that is gone gives what can still be read. */
export function openContext(root: KernelRoot, pid: number | 'self', sources: SubjectSources): CeilingContext {
  const status = readStatus(root, pid);
  const uid = status?.uid ?? -1;
  const isInUserNamespace = isNested(root, pid, 'user') ?? isNested(root, 'self', 'user') ?? false;
  const isOwnNested = isNested(root, 'self', 'pid') ?? false;
  const growing = sources.growth ?? ((scan) => sources.gate(scan));
  const process = sources.process;
  return {
    root,
    places: locate(root, pid),
    loadavg: new KeptFile(root.proc('loadavg')),
    meminfo: new KeptFile(root.proc('meminfo')),
    uid,
    isNprocExempt: status !== undefined && isExempt(root, status, isInUserNamespace),
    isInUserNamespace,
    limits: readLimits(root, pid),
    uidTasks: growing(() => countUidTasks(root, uid)),
    pidNamespace: (status?.nsPids.length ?? 1) > 1 ? 'foreign' : isOwnNested ? 'nested' : 'host',
    pidUse: pidUse(root, isOwnNested, sources, growing),
    asker: sources.isPassing === true ? self(root) : undefined,
    process,
    memory: () => {
      const heaviest = process();
      return heaviest === undefined ? NEW_PROCESS : readStatus(root, heaviest.pid);
    },
    cost: sources.cost,
  };
}

function self(root: KernelRoot): Asker | undefined {
  const status = readStatus(root, 'self');
  return status === undefined
    ? undefined
    : { tasks: status.threads, committedBytes: status.vmDataBytes, uid: status.uid, places: locate(root) };
}

/** Global uid 0 always; capabilities only where they were given by the host's own user namespace. */
function isExempt(root: KernelRoot, status: ProcessStatus, isInUserNamespace: boolean): boolean {
  if (status.uid === 0) return !isInUserNamespace || rootOutside(root) === 0;
  const has = (cap: bigint) => ((status.effectiveCaps >> cap) & 1n) === 1n;
  return !isInUserNamespace && (has(CAP_SYS_ADMIN) || has(CAP_SYS_RESOURCE));
}

function pidUse(
  root: KernelRoot,
  isOwnNested: boolean,
  { gate, ids }: SubjectSources,
  growing: (scan: () => number) => () => number,
): () => PidUse {
  const isWhole = !hidesProcesses(root) || readStatus(root, 'self')?.uid === 0;
  const count = () => {
    const limit = readNumber(root.proc('sys/kernel/pid_max'));
    const below = typeof limit === 'number' ? limit : Number.POSITIVE_INFINITY;
    return countIds(root, { from: RESERVED_PIDS, below }, ids);
  };
  const scan = gate(count);
  const tasks = isOwnNested ? growing(() => count().tasks) : undefined;
  return () => {
    const { outside, pinned } = scan();
    return { tasks: tasks?.(), outside, pinned, isWhole };
  };
}
