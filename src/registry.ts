import type { CeilingReader } from './ceilings/context.ts';
import { maxMapCount } from './ceilings/maxMapCount.ts';
import { memAvailable, memoryMax } from './ceilings/memory.ts';
import { nproc } from './ceilings/nproc.ts';
import { pidMax } from './ceilings/pidMax.ts';
import { pidsMax } from './ceilings/pidsMax.ts';
import { threadsMax } from './ceilings/threadsMax.ts';

/**
 * The one list of ceilings; adding one is a file and a line here. The order is the one in which the
 * kernel checks them (copy_process in kernel/fork.c), which settles ties: memory, RLIMIT_NPROC,
 * threads-max, pid_max, pids.max; maps come first because pthread_create maps the stack before it clones.
 */
export const CEILINGS: readonly CeilingReader[] = [
  maxMapCount,
  memoryMax,
  memAvailable,
  nproc,
  threadsMax,
  pidMax,
  pidsMax,
];
