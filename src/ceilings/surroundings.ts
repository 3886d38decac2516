import { calibratedCost, defaultStackBytes, type Fitted, fittedCost } from '../core/cost.ts';
import { gated, gatedCount } from '../core/gate.ts';
import type { Ceiling } from '../core/model.ts';
import { readLimits } from '../procfs/limits.ts';
import { parseLoadavg } from '../procfs/loadavg.ts';
import { KeptFile } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import type { Libc } from '../sys/libc.ts';
import type { CeilingContext, ProcessUse } from './context.ts';
import { readKernelBytes } from './measure.ts';
import { CEILINGS } from './registry.ts';
import { openContext } from './subject.ts';

/** Everything around the target that the loop reads. It is opened once, before the child starts. */
export interface Surroundings {
  readonly context: CeilingContext;
  /** All ceilings now. A reader that fails is reported to `onError` once and left out. */
  readCeilings(): Ceiling[];
  /** The tasks of the whole host, and the PID that was given out last. It costs one short read. */
  host(): { readonly tasks: number; readonly lastPid: number };
}

const SCAN_AT_LEAST_EVERY_MS = 5_000;
/** Numbers held by dead groups and sessions seldom change. No scan may fall into a storm, which lasts up to a minute. */
const RESCAN_MS = 60_000;

/** Opens all ceilings for a target of the guard itself. `heaviest` and `perThread` are what the loop has counted. */
export function openSurroundings(
  root: KernelRoot,
  sources: {
    readonly heaviest: () => { readonly pid: number; readonly maps: number } | undefined;
    readonly perThread: () => Fitted | undefined;
    readonly libc: Libc | undefined;
    readonly now: () => number;
  },
  onError: (name: string, error: unknown) => void,
): Surroundings {
  const { libc, now } = sources;
  const loadavg = new KeptFile(root.proc('loadavg'));
  const host = () => parseLoadavg(loadavg.read() ?? '') ?? { tasks: 0, lastPid: 0 };
  const hostTasks = () => host().tasks;
  const stack = defaultStackBytes(readLimits(root, 'self').get('Max stack size')?.soft ?? 8 << 20);
  const kernelBytes = readKernelBytes(root);
  const calibrated = calibratedCost('native', stack, kernelBytes);
  const context = openContext(root, 'self', {
    process: (): ProcessUse | undefined => sources.heaviest(),
    cost: () => {
      const fitted = sources.perThread();
      return fitted === undefined ? calibrated : fittedCost(calibrated, fitted, kernelBytes);
    },
    ids: libc,
    gate: (scan) => gated(scan, now, RESCAN_MS, hostTasks),
    growth: (scan) => gatedCount(hostTasks, now, scan, SCAN_AT_LEAST_EVERY_MS),
  });
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
    host,
    readCeilings: () => readers.flatMap(({ name, read }) => guarded<readonly Ceiling[]>(name, read, [])),
  };
}
