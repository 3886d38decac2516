import { type Libc, RLIM_INFINITY, RLIMIT_NPROC } from '../sys/libc.ts';
import type { Member } from './tree.ts';

/**
 * RLIMIT_NPROC as a cap on a tree. The limit counts all tasks of the uid, so the tasks of others are
 * added to every number; each process carries its own copy, and passes it on to what it forks.
 */
export interface NprocCap {
  readonly cap: number | 'max';
  /** Sets the limit that the child will inherit, on the guard itself. */
  beforeFork(cap: number | 'max', others: number): void;
  /** Gives the guard its own limit back. */
  afterFork(): void;
  /**
   * Sets the cap on every member; false when one did not take it. A member that gave itself less keeps it: sshd allows its
   * sandboxed child no process at all, also by the hard limit.
   */
  set(cap: number | 'max', others: number, members: readonly Member[]): boolean;
  /** The same cap again, for members that appeared since and others that came or went. */
  renew(others: number, members: readonly Member[]): void;
}

export function openNprocCap(libc: Libc): NprocCap {
  const own = libc.getLimit(0, RLIMIT_NPROC);
  const hard = own?.hard ?? RLIM_INFINITY;
  let cap: number | 'max' = 'max';
  const limitOf = (others: number): bigint => {
    const wanted = cap === 'max' ? (own?.soft ?? RLIM_INFINITY) : BigInt(others + cap);
    return wanted > hard ? hard : wanted;
  };
  /** Who carries which limit already: asking again costs two calls for each of a thousand processes. */
  let carriers = new Map<number, number>();
  let carried: bigint | undefined;
  /** The lowest that was ever given. A member that has less than this did not get it from here. */
  let lowest: bigint | undefined;
  const give = (pid: number, soft: bigint, of: bigint): boolean => {
    if (lowest === undefined || soft < lowest) lowest = soft;
    return libc.setLimit(pid, RLIMIT_NPROC, soft, of);
  };
  const isOwn = (soft: bigint, wanted: bigint): boolean => soft < wanted && (lowest === undefined || soft < lowest);
  const apply = (others: number, members: readonly Member[]): boolean => {
    const soft = limitOf(others);
    if (soft !== carried) carriers = new Map();
    carried = soft;
    const next = new Map<number, number>();
    let isTaken = true;
    for (const { pid, startTime, isZombie } of members) {
      if (isZombie) continue;
      if (carriers.get(pid) !== startTime) {
        const limit = libc.getLimit(pid, RLIMIT_NPROC);
        if (limit === undefined) continue;
        const wanted = soft > limit.hard ? limit.hard : soft;
        const isRefused = limit.soft !== wanted && !isOwn(limit.soft, wanted) && !give(pid, wanted, limit.hard);
        // One that has ended meanwhile did not refuse.
        if (isRefused && libc.getLimit(pid, RLIMIT_NPROC) !== undefined) isTaken = false;
      }
      next.set(pid, startTime);
    }
    carriers = next;
    return isTaken;
  };
  return {
    get cap() {
      return cap;
    },
    beforeFork: (initial, others) => {
      cap = initial;
      give(0, limitOf(others), hard);
    },
    afterFork: () => {
      if (own !== undefined) libc.setLimit(0, RLIMIT_NPROC, own.soft, own.hard);
    },
    set: (next, others, members) => {
      cap = next;
      return apply(others, members);
    },
    renew: apply,
  };
}
