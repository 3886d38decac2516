import {
  calibratedAs,
  calibratedCost,
  defaultStackBytes,
  kernelBytesPerThread,
  type Runtime,
  type TaskCost,
  touchedCost,
} from '../core/cost.ts';
import { pairedStacks, stackShape } from '../core/stackShape.ts';
import { readLimits } from '../procfs/limits.ts';
import { type MapLine, readMaps } from '../procfs/maps.ts';
import { readTouched } from '../procfs/pagemap.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { detectRuntime } from '../procfs/runtime.ts';
import { parseSlab } from '../procfs/slabinfo.ts';
import { readStatus } from '../procfs/status.ts';
import { readPlace } from '../procfs/syscall.ts';
import { listThreads } from '../procfs/task.ts';

/** The stacks of so many threads are looked up. */
const SAMPLED = 64;

/** A process at one look: what its threads cost it, and how many maps it has. */
export interface Measured {
  readonly cost: TaskCost;
  readonly maps: number | 'unknown';
  readonly runtime: Runtime;
}

/** Measures a process once. Without the rights of ptrace its maps are unknown and its cost is the calibrated one. */
export function measureProcess(root: KernelRoot, pid: number): Measured {
  const stack = defaultStackBytes(readLimits(root, pid).get('Max stack size')?.soft ?? 8 << 20);
  const status = readStatus(root, pid);
  const kernelBytes = readKernelBytes(root);
  const lines = readMaps(root, pid);
  // A kernel thread and a zombie have no maps. A process that may not be read gives no lines at all.
  if (lines === undefined || lines.length === 0) {
    return {
      cost: calibratedCost('native', stack, kernelBytes),
      maps: lines === undefined ? 'unknown' : 0,
      runtime: 'native',
    };
  }
  const paths = lines.map(({ path }) => path);
  const runtime = calibratedAs(detectRuntime(root, pid, paths));
  const base: TaskCost = { ...calibratedCost(runtime, stack, kernelBytes), writableBytes: status?.vmDataBytes ?? 0 };
  const tids = listThreads(root, pid);
  const shape = stackShape(lines, stackPointers(root, pid, tids)) ?? pairedStacks(lines, tids.length);
  // A Node worker is much more than its stack, so the number of its maps says more.
  const threadMaps = runtime === 'node' ? perWorker(lines, tids.length) : shape?.mapsPerThread;
  const own = shape === undefined || shape.stackBytes === 0 ? undefined : shape;
  const touched = own === undefined ? undefined : readTouched(root, pid, own.stacks);
  const held =
    own === undefined || touched === undefined ? undefined : touchedCost(runtime, own.stackBytes, touched, kernelBytes);
  return {
    cost: {
      ...base,
      threadMaps: threadMaps ?? base.threadMaps,
      stackBytes: own?.stackBytes ?? base.stackBytes,
      guardBytes: shape?.guardBytes ?? base.guardBytes,
      threadBytes: held?.bytes ?? base.threadBytes,
      uncertainty: {
        maps: threadMaps === undefined ? base.uncertainty.maps : runtime === 'python' ? PYTHON_SPREAD_MAPS : 0,
        bytes: held?.uncertainty ?? base.uncertainty.bytes,
      },
      isMeasured: threadMaps !== undefined,
    },
    maps: lines.length,
    runtime,
  };
}

/** How many bytes of its own memory this kernel spends on a thread. Where only root may read it: the calibrated value. */
export function readKernelBytes(root: KernelRoot): number {
  return kernelBytesPerThread(parseSlab(readText(root.proc('slabinfo')) ?? '', 'task_struct')?.bytesEach);
}

function stackPointers(root: KernelRoot, pid: number, tids: readonly number[]): number[] {
  const step = Math.max(1, Math.floor(tids.length / SAMPLED));
  const pointers: number[] = [];
  for (let index = 0; index < tids.length; index += step) {
    const place = readPlace(root, pid, tids[index] as number);
    if (place !== undefined && place !== 'running') pointers.push(place.sp);
  }
  return pointers;
}

/**
 * A Python thread also maps 16 KiB for its frames. That costs no map while there are holes between the maps to put it
 * into, and one map once they are full: 2.0 to 2.6 maps a thread in nine runs of one program.
 */
const PYTHON_SPREAD_MAPS = 1;

/** Threads and anonymous maps of a Node without workers (Node 20, measured). */
const NODE_THREADS = 11;
const NODE_MAPS = 120;
/** Three times the maps of a worker that does nothing. */
const MOST_WORKER_MAPS = 132;

function perWorker(maps: readonly MapLine[], threads: number): number | undefined {
  const workers = threads - NODE_THREADS;
  if (workers < 4) return undefined;
  const each = (maps.filter(({ path }) => path === '').length - NODE_MAPS) / workers;
  // Where the program itself maps thousands, their number says nothing about its workers.
  return each < MOST_WORKER_MAPS ? each : undefined;
}
