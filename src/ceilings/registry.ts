import { CEILING_KINDS, type CeilingName } from '../core/ceilingTable.ts';
import { addressSpace } from './addressSpace.ts';
import { commitLimit } from './commitLimit.ts';
import { dataSize } from './dataSize.ts';
import { kernelMemoryMax } from './kernelMemoryMax.ts';
import { maxMapCount } from './maxMapCount.ts';
import { memAvailable } from './memAvailable.ts';
import { memoryHigh } from './memoryHigh.ts';
import { memoryMax } from './memoryMax.ts';
import { nproc } from './nproc.ts';
import { pidMax } from './pidMax.ts';
import { pidsMax } from './pidsMax.ts';
import type { CeilingRow } from './row.ts';
import { threadsMax } from './threadsMax.ts';

/** Every ceiling and its reader. A new one is a file here, then a line of `core/ceilingTable.ts`, then a line here. */
const ROWS: Readonly<Record<CeilingName, CeilingRow>> = {
  RLIMIT_AS: addressSpace,
  'vm.max_map_count': maxMapCount,
  RLIMIT_DATA: dataSize,
  CommitLimit: commitLimit,
  'memory.max': memoryMax,
  'memory.high': memoryHigh,
  'memory.kmem.limit_in_bytes': kernelMemoryMax,
  MemAvailable: memAvailable,
  RLIMIT_NPROC: nproc,
  'kernel.threads-max': threadsMax,
  'kernel.pid_max': pidMax,
  'pids.max': pidsMax,
};

/** All readers, in the order of the kernel's checks. */
export const CEILINGS: readonly CeilingRow[] = CEILING_KINDS.map(({ name }) => ROWS[name]);
