import type { WaitKind } from './stack.ts';

/** The lists of system calls that are told apart. A process of 32 bits has another one than the kernel that it runs on. */
export type CallList = 'x64' | 'i386' | 'arm64';

/** What a thread waits for in a call; `'by arguments'` where the number alone does not say it. */
export interface SystemCall {
  readonly name: string;
  readonly kind: WaitKind | 'by arguments';
}

type Row = readonly [
  name: string,
  kind: SystemCall['kind'],
  x64: number | undefined,
  i386: number | undefined,
  arm64: number | undefined,
];

/**
 * System calls that wait, with their numbers: arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl, and
 * include/uapi/asm-generic/unistd.h of Linux. `…_time64` are those of 32 bits with times of 64 bits.
 */
const ROWS: readonly Row[] = [
  ['read', 'read', 0, 3, 63],
  ['readv', 'read', 19, 145, 65],
  ['pread64', 'read', 17, 180, 67],
  ['preadv', 'read', 295, 333, 69],
  ['preadv2', 'read', 327, 378, 286],
  ['recvfrom', 'read', 45, 371, 207],
  ['recvmsg', 'read', 47, 372, 212],
  ['recvmmsg', 'read', 299, 337, 243],
  ['recvmmsg_time64', 'read', undefined, 417, undefined],
  ['poll', 'by arguments', 7, 168, undefined],
  ['ppoll', 'by arguments', 271, 309, 73],
  ['ppoll_time64', 'by arguments', undefined, 414, undefined],
  ['select', 'by arguments', 23, undefined, undefined],
  ['_newselect', 'by arguments', undefined, 142, undefined],
  ['pselect6', 'by arguments', 270, 308, 72],
  ['pselect6_time64', 'by arguments', undefined, 413, undefined],
  ['epoll_wait', 'poll', 232, 256, undefined],
  ['epoll_pwait', 'poll', 281, 319, 22],
  ['epoll_pwait2', 'poll', 441, 441, 441],
  ['accept', 'poll', 43, undefined, 202],
  ['accept4', 'poll', 288, 364, 242],
  ['io_uring_enter', 'poll', 426, 426, 426],
  ['nanosleep', 'sleep', 35, 162, 101],
  ['clock_nanosleep', 'sleep', 230, 267, 115],
  ['clock_nanosleep_time64', 'sleep', undefined, 407, undefined],
  ['pause', 'signal', 34, 29, undefined],
  ['sigsuspend', 'signal', undefined, 72, undefined],
  ['rt_sigsuspend', 'signal', 130, 179, 133],
  ['rt_sigtimedwait', 'signal', 128, 177, 137],
  ['rt_sigtimedwait_time64', 'signal', undefined, 421, undefined],
  ['waitpid', 'child', undefined, 7, undefined],
  ['wait4', 'child', 61, 114, 260],
  ['waitid', 'child', 247, 284, 95],
  ['write', 'io', 1, 4, 64],
  ['writev', 'io', 20, 146, 66],
  ['pwrite64', 'io', 18, 181, 68],
  ['pwritev', 'io', 296, 334, 70],
  ['pwritev2', 'io', 328, 379, 287],
  ['sendto', 'io', 44, 369, 206],
  ['sendmsg', 'io', 46, 370, 211],
  ['sendmmsg', 'io', 307, 345, 269],
  ['sendfile', 'io', 40, 187, 71],
  ['sendfile64', 'io', undefined, 239, undefined],
  ['splice', 'io', 275, 313, 76],
  ['copy_file_range', 'io', 326, 377, 285],
  ['connect', 'io', 42, 362, 203],
  ['open', 'io', 2, 5, undefined],
  ['openat', 'io', 257, 295, 56],
  ['fsync', 'io', 74, 118, 82],
  ['fdatasync', 'io', 75, 148, 83],
  ['sync', 'io', 162, 36, 81],
  ['syncfs', 'io', 306, 344, 267],
  ['sync_file_range', 'io', 277, 314, 84],
  ['msync', 'io', 26, 144, 227],
  ['fallocate', 'io', 285, 324, 47],
  // They wait for input and output that was begun before.
  ['io_getevents', 'io', 208, 247, 4],
  ['io_pgetevents', 'io', 333, 385, 292],
  ['io_pgetevents_time64', 'io', undefined, 416, undefined],
  ['clone', 'clone', 56, 120, 220],
  ['clone3', 'clone', 435, 435, 435],
  ['fork', 'clone', 57, 2, undefined],
  ['vfork', 'clone', 58, 190, undefined],
  // Semaphores of System V are locks between processes.
  ['semop', 'lock', 65, undefined, 193],
  ['semtimedop', 'lock', 220, undefined, 192],
  ['semtimedop_time64', 'lock', undefined, 420, undefined],
  ['flock', 'lock', 73, 143, 32],
  ['fcntl', 'by arguments', 72, 55, 25],
  ['fcntl64', 'by arguments', undefined, 221, undefined],
  ['msgsnd', 'queue', 69, 400, 189],
  ['msgrcv', 'queue', 70, 401, 188],
  ['mq_timedsend', 'queue', 242, 279, 182],
  ['mq_timedsend_time64', 'queue', undefined, 418, undefined],
  ['mq_timedreceive', 'queue', 243, 280, 183],
  ['mq_timedreceive_time64', 'queue', undefined, 419, undefined],
  ['futex', 'by arguments', 202, 240, 98],
  ['futex_time64', 'by arguments', undefined, 422, undefined],
  ['futex_waitv', 'queue', 449, 449, 449],
  ['restart_syscall', 'by arguments', 219, 0, 128],
  ['socketcall', 'by arguments', undefined, 102, undefined],
  ['ipc', 'by arguments', undefined, 117, undefined],
];

const LISTS: Readonly<Record<CallList, ReadonlyMap<number, SystemCall>>> = {
  x64: listOf(([, , x64]) => x64),
  i386: listOf(([, , , i386]) => i386),
  arm64: listOf(([, , , , arm64]) => arm64),
};

/** A system call by its number; `undefined` for one that does not wait. */
export function systemCall(list: CallList, number: number): SystemCall | undefined {
  return LISTS[list].get(number);
}

/** All that are known of a list. */
export function systemCalls(list: CallList): ReadonlyMap<number, SystemCall> {
  return LISTS[list];
}

function listOf(numberOf: (row: Row) => number | undefined): ReadonlyMap<number, SystemCall> {
  const list = new Map<number, SystemCall>();
  for (const row of ROWS) {
    const number = numberOf(row);
    if (number !== undefined) list.set(number, { name: row[0], kind: row[1] });
  }
  return list;
}
