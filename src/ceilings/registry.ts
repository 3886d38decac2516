import { addressSpace, dataSize } from './addressSpace.ts';
import { commitLimit } from './commitLimit.ts';
import type { CeilingReader } from './context.ts';
import { maxMapCount } from './maxMapCount.ts';
import { kernelMemoryMax, memAvailable, memoryHigh, memoryMax } from './memory.ts';
import { nproc } from './nproc.ts';
import { pidMax } from './pidMax.ts';
import { pidsMax } from './pidsMax.ts';
import { threadsMax } from './threadsMax.ts';

/**
 * The one list of ceilings; adding one is a file and a line here. The order is the one in which the
 * kernel checks them, which settles ties: pthread_create first maps the stack (RLIMIT_AS, map count) and makes
 * it writable (RLIMIT_DATA, commit), then clones: memory, RLIMIT_NPROC, threads-max, pid_max, pids.max
 * (copy_process in kernel/fork.c).
 */
export const CEILINGS: readonly CeilingReader[] = [
  addressSpace,
  maxMapCount,
  dataSize,
  commitLimit,
  memoryMax,
  memoryHigh,
  kernelMemoryMax,
  memAvailable,
  nproc,
  threadsMax,
  pidMax,
  pidsMax,
];
