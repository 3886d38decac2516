import type { CeilingContext } from '../ceilings/context.ts';
import { locate } from '../cgroup/locate.ts';
import type { Ceiling } from '../core/model.ts';
import { mayRepeat } from '../policy/cadence.ts';
import { readLimits } from '../procfs/limits.ts';
import { parseLoadavg } from '../procfs/loadavg.ts';
import { isNestedPidNamespace } from '../procfs/namespace.ts';
import { KeptFile } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStatus } from '../procfs/status.ts';
import { countTasks } from '../procfs/task.ts';
import { CEILINGS } from '../registry.ts';

const CAP_SYS_ADMIN = 21n;
const CAP_SYS_RESOURCE = 24n;

/** Everything around the target that the loop reads: opened once, before the child starts. */
export interface Surroundings {
  readonly context: CeilingContext;
  /** All ceilings now. A reader that fails is told to `onError` once and left out. */
  readCeilings(): Ceiling[];
  /** Tasks of the whole host: one short read. */
  hostTasks(): number;
}

export function openSurroundings(
  root: KernelRoot,
  sources: Pick<CeilingContext, 'heaviestMaps'> & { readonly now: () => number },
  onError: (name: string, error: unknown) => void,
): Surroundings {
  const status = readStatus(root, 'self');
  const uid = status?.uid ?? -1;
  const caps = status?.effectiveCaps ?? 0n;
  const loadavg = new KeptFile(root.proc('loadavg'));
  const gated = (scan: () => number) => gatedCount(() => loadavg.read(), sources.now, scan);
  const context: CeilingContext = {
    root,
    places: locate(root),
    loadavg,
    uidTasks: gated(() => countTasks(root, uid)),
    namespaceTasks: isNestedPidNamespace(root) ? gated(() => countTasks(root)) : undefined,
    meminfo: new KeptFile(root.proc('meminfo')),
    uid,
    isNprocExempt: uid === 0 || hasCap(caps, CAP_SYS_RESOURCE) || hasCap(caps, CAP_SYS_ADMIN),
    nprocLimit: readLimits(root, 'self').get('Max processes')?.soft ?? 'unlimited',
    heaviestMaps: sources.heaviestMaps,
  };
  const failed = new Set<string>();
  const guarded = <T>(name: string, read: () => T, instead: T): T => {
    try {
      return read();
    } catch (error) {
      if (!failed.has(name)) onError(name, error);
      failed.add(name);
      return instead;
    }
  };
  const readers = CEILINGS.map((ceiling) => ({
    name: ceiling.name,
    read: guarded<() => readonly Ceiling[]>(
      ceiling.name,
      () => ceiling.open(context),
      () => [],
    ),
  }));
  return {
    context,
    hostTasks: () => parseLoadavg(loadavg.read() ?? '')?.tasks ?? 0,
    readCeilings: () => readers.flatMap(({ name, read }) => guarded<readonly Ceiling[]>(name, read, [])),
  };
}

function hasCap(caps: bigint, cap: bigint): boolean {
  return ((caps >> cap) & 1n) === 1n;
}

/** Gated count of something that takes a scan: repeated when its cost allows and the host has moved. */
export function gatedCount(loadavg: () => string | undefined, now: () => number, scan: () => number): () => number {
  let value: number | undefined;
  let atMs = 0;
  let costMs = 0;
  let hostThen = 0;
  return () => {
    const nowMs = now();
    const host = parseLoadavg(loadavg() ?? '')?.tasks ?? 0;
    if (value === undefined || mayRepeat(nowMs, atMs, costMs, Math.abs(host - hostThen) >= 64 ? 100 : 5_000)) {
      value = scan();
      costMs = now() - nowMs;
      atMs = nowMs;
      hostThen = host;
    }
    // Between two scans everything the host gained may be ours: an overestimate is the safe side.
    return value + Math.max(0, host - hostThen);
  };
}
