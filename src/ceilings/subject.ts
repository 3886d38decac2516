import { locate } from '../cgroup/locate.ts';
import type { TaskCost } from '../core/cost.ts';
import type { CountScan } from '../core/gate.ts';
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

/** Address space of a small C program at its start, measured. A process that does not exist yet is taken for one. */
const NEW_PROCESS = { vmSizeBytes: 2_700_000, vmDataBytes: 300_000 };

/** What the caller knows better than `/proc`: what it counts itself, and how often `/proc` may be scanned. */
export interface SubjectSources {
  readonly process: () => ProcessUse | undefined;
  readonly cost: () => TaskCost;
  readonly ids?: IdCalls | undefined;
  /** Wraps a scan of all of `/proc`. A command that looks once runs it as it is; a loop gates it. */
  readonly gate: <T>(scan: () => T) => () => T;
  /** True for a command that looks once: its own tasks are gone when its answer is read, so they do not count. */
  readonly isPassing?: boolean;
  /** Wraps a count between two scans, when all growth of the host may be the subject's. Default: `gate`. */
  readonly growth?: ((scan: CountScan) => () => number) | undefined;
}

/** Opens everything that the ceilings of a process look at. Of a subject that is gone, what can still be read. */
export function openContext(root: KernelRoot, pid: number | 'self', sources: SubjectSources): CeilingContext {
  const status = readStatus(root, pid);
  const uid = status?.uid ?? -1;
  const isInUserNamespace = isNested(root, pid, 'user') ?? isNested(root, 'self', 'user') ?? false;
  const isOwnNested = isNested(root, 'self', 'pid') ?? false;
  const growing = sources.growth ?? ((scan) => sources.gate(() => scan(() => false) ?? 0));
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
    uidTasks: growing((isLate) => countUidTasks(root, uid, isLate)),
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

/** Uid 0 of the host is always exempt. Capabilities count only in the user namespace of the host. */
function isExempt(root: KernelRoot, status: ProcessStatus, isInUserNamespace: boolean): boolean {
  if (status.uid === 0) return !isInUserNamespace || rootOutside(root) === 0;
  const has = (cap: bigint) => ((status.effectiveCaps >> cap) & 1n) === 1n;
  return !isInUserNamespace && (has(CAP_SYS_ADMIN) || has(CAP_SYS_RESOURCE));
}

function pidUse(
  root: KernelRoot,
  isOwnNested: boolean,
  { gate, ids }: SubjectSources,
  growing: (scan: CountScan) => () => number,
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
