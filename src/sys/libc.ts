import { createRequire } from 'node:module';
import { type Datagrams, openDatagrams } from './datagram.ts';
import type { Beneath } from './foreignPath.ts';
import { openExchange, type UnixSockets } from './unixSocket.ts';

/** The few calls that Node does not make. */
export interface Libc extends Beneath, Datagrams, UnixSockets {
  /** prctl(PR_SET_CHILD_SUBREAPER, 1): orphans of the tree become children of the guard. */
  becomeSubreaper(): boolean;
  /** Reaps one adopted child; true when it is gone. Never waits. */
  reap(pid: number): boolean;
  /** Policy and priority of one thread; `undefined` when it is gone. */
  getScheduler(tid: number): Scheduler | undefined;
  /** False where it is refused. With `resetsOnFork` a child of a real-time thread has the default policy, and nice 0. */
  setScheduler(tid: number, scheduler: Scheduler, resetsOnFork: boolean): boolean;
  /** kill(2) without an exception for what is gone or not ours: 0.3 µs instead of 10. */
  signal(pid: number, signal: number): boolean;
  /** Soft and hard limit of a process; `undefined` when it is gone or not ours to change. */
  getLimit(pid: number, resource: number): { soft: bigint; hard: bigint } | undefined;
  setLimit(pid: number, resource: number, soft: bigint, hard: bigint): boolean;
  /** Process group and session of any process, 0 when it is gone. */
  getpgid(pid: number): number;
  getsid(pid: number): number;
  getxattr(path: string, name: string): string | undefined;
  /** fcntl(2) with F_SETFD: whether a descriptor is closed when a program is executed. False for one that is not open. */
  setCloseOnExec(fd: number, isClosed: boolean): boolean;
  /** Ends this process now, without the exit handlers of C: those wait for threads stuck in write(2). */
  exitNow(code: number): never;
}

/** As sched_setscheduler(2) takes it. */
export interface Scheduler {
  readonly policy: number;
  readonly priority: number;
}

export const RLIMIT_CPU = 0;
export const RLIMIT_CORE = 4;
export const RLIMIT_NPROC = 6;
export const RLIMIT_NOFILE = 7;
export const RLIM_INFINITY = 0xffffffffffffffffn;

const PR_SET_CHILD_SUBREAPER = 36;
const SCHED_RESET_ON_FORK = 0x40000000;
const WNOHANG = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
/** The same number on every architecture (openat2(2), Linux 5.6). */
const SYS_OPENAT2 = 437;
/** `struct open_how`: O_PATH | O_CLOEXEC, no mode, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS. */
const HELD_IN_ROOT = new BigUint64Array([0x200000n | 0x80000n, 0n, 0x10n | 0x4n | 0x2n]);

/**
 * libc through koffi, or `undefined` where koffi or glibc's name for it cannot be loaded (musl, an
 * odd architecture): the guard then runs on, and says what it lost.
 */
export function loadLibc(): Libc | undefined {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const lib = koffi.load('libc.so.6');
    const prctl = lib.func('int prctl(int op, ulong a, ulong b, ulong c, ulong d)');
    const waitpid = lib.func('int waitpid(int pid, int *status, int options)');
    const schedSetscheduler = lib.func('int sched_setscheduler(int pid, int policy, int *param)');
    const schedGetscheduler = lib.func('int sched_getscheduler(int pid)');
    const schedGetparam = lib.func('int sched_getparam(int pid, _Out_ int *param)');
    const prlimit = lib.func('int prlimit64(int pid, int resource, const uint64 *limit, _Out_ uint64 *old)');
    const getxattr = lib.func('long getxattr(const char *path, const char *name, void *value, size_t size)');
    const kill = lib.func('int kill(int pid, int signal)');
    const getpgid = lib.func('int getpgid(int pid)');
    const getsid = lib.func('int getsid(int pid)');
    const fcntl = lib.func('int fcntl(int fd, int command, ...)');
    const exit = lib.func('void _exit(int status)');
    const openat2 = lib.func('long syscall(long number, int fd, str path, const uint64 *how, size_t size)');
    const exchange = openExchange(lib);
    return {
      ...openDatagrams(lib, { errno: () => koffi.errno(), address: (buffer) => koffi.address(buffer) }),
      exchange,
      becomeSubreaper: () => prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) === 0,
      reap: (pid) => waitpid(pid, null, WNOHANG) === pid,
      getScheduler: (tid) => {
        const policy = schedGetscheduler(tid);
        const priority = new Int32Array(1);
        if (policy < 0 || schedGetparam(tid, priority) !== 0) return undefined;
        return { policy: policy & ~SCHED_RESET_ON_FORK, priority: priority[0] as number };
      },
      setScheduler: (tid, { policy, priority }, resetsOnFork) =>
        schedSetscheduler(tid, policy | (resetsOnFork ? SCHED_RESET_ON_FORK : 0), [priority]) === 0,
      signal: (pid, signal) => kill(pid, signal) === 0,
      getLimit: (pid, resource) => {
        const pair = new BigUint64Array(2);
        if (prlimit(pid, resource, null, pair) !== 0) return undefined;
        return { soft: pair[0] as bigint, hard: pair[1] as bigint };
      },
      setLimit: (pid, resource, soft, hard) => prlimit(pid, resource, new BigUint64Array([soft, hard]), null) === 0,
      getpgid: (pid) => Math.max(0, getpgid(pid)),
      getsid: (pid) => Math.max(0, getsid(pid)),
      getxattr: (path, name) => {
        const value = Buffer.alloc(256);
        const length = Number(getxattr(path, name, value, value.length));
        return length < 0 ? undefined : value.toString('latin1', 0, length);
      },
      setCloseOnExec: (fd, isClosed) => fcntl(fd, F_SETFD, 'int', isClosed ? FD_CLOEXEC : 0) === 0,
      openBeneath: (topFd, path) => {
        const fd = Number(openat2(SYS_OPENAT2, topFd, path, HELD_IN_ROOT, HELD_IN_ROOT.byteLength));
        return fd < 0 ? undefined : fd;
      },
      exitNow: (code) => {
        exit(code);
        throw new Error('_exit returned');
      },
    };
  } catch {
    return undefined;
  }
}
