import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';

/** A ring that the kernel writes records into (perf_event_open(2), "MMAP layout"). */
export interface PerfRing {
  readonly view: DataView;
  readonly bytes: Buffer;
  /** Gives the memory back. Nothing of the ring may be touched after it. */
  unmap(): void;
}

/** The calls behind tracepoints. Each gives `undefined` or false where the kernel refuses. */
export interface PerfEvents {
  /**
   * Opens an event of every process on one processor; `attr` is a `struct perf_event_attr`. Gives a descriptor, or the number of
   * the error, negative.
   */
  open(attr: Buffer, cpu: number): number;
  /** Maps the ring of an event: one page of its state, then `dataBytes` (a power of two of pages). */
  map(fd: number, dataBytes: number): PerfRing | undefined;
  /** From now on one of so many events is written down. The counter counts all of them. */
  setPeriod(fd: number, period: number): boolean;
  /** The records of one event go into the ring of another on the same processor. */
  setOutput(fd: number, ringFd: number): boolean;
  /**
   * Asks for SIGCHLD at the next hit of an event without a ring; after that the event is off until it is asked again. A guard
   * gets that signal at any time and hands it on to nobody, so one too many does no harm.
   */
  signalOnce(fd: number): void;
  /**
   * Closes events, without waiting. Whoever closes the last event of a tracepoint waits 30 to 50 ms for RCU, and a process that
   * ends does it too. So a ring of io_uring holds them: the kernel closes those later, in a thread of its own.
   */
  close(fds: readonly number[]): void;
  /**
   * A file of a file system that is mounted nowhere: the mount is made for these reads, no namespace has it, and it is gone
   * with its descriptor (fsopen(2), fsmount(2), Linux 5.2). `undefined` without CAP_SYS_ADMIN.
   */
  readDetached(fileSystem: string, paths: readonly string[]): readonly string[] | undefined;
}

const SYS_PERF_EVENT_OPEN_X64 = 298;
const SYS_FSOPEN = 430;
const SYS_FSCONFIG = 431;
const SYS_FSMOUNT = 432;
const SYS_IO_URING_SETUP = 425;
const SYS_IO_URING_REGISTER = 427;
const IORING_REGISTER_FILES = 2;
/** `struct io_uring_params`; all of it may be 0. */
const URING_PARAMS_BYTES = 120;
const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const FSCONFIG_CMD_CREATE = 6;
const PERF_FLAG_FD_CLOEXEC = 8;
const PERF_EVENT_IOC_PERIOD = 0x40082404;
const PERF_EVENT_IOC_REFRESH = 0x2402;
const PERF_EVENT_IOC_SET_OUTPUT = 0x2405;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const PAGE = 4096;
const F_SETFL = 4;
const F_SETOWN = 8;
const F_SETSIG = 10;
const O_RDWR = 2;
const O_ASYNC = 0o20000;

/** `undefined` without koffi, and on processors for which stacks cannot be followed. */
export function loadPerfEvents(): PerfEvents | undefined {
  if (process.arch !== 'x64') return undefined;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const lib = koffi.load('libc.so.6');
    const perfOpen = lib.func('long syscall(long number, void *attr, int pid, int cpu, int group, ulong flags)');
    const call = lib.func('long syscall(long number, ...)');
    const mmap = lib.func('void *mmap(void *at, size_t length, int prot, int flags, int fd, long offset)');
    const munmap = lib.func('int munmap(void *at, size_t length)');
    const ioctl = lib.func('int ioctl(int fd, ulong request, void *argument)');
    const ioctlNumber = lib.func('int ioctl(int fd, ulong request, long argument)');
    const fcntl = lib.func('int fcntl(int fd, int command, ...)');
    const close = lib.func('int close(int fd)');
    return {
      open: (attr, cpu) => {
        const fd = Number(perfOpen(SYS_PERF_EVENT_OPEN_X64, attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC));
        return fd < 0 ? -koffi.errno() : fd;
      },
      map: (fd, dataBytes) => {
        const length = PAGE + dataBytes;
        const at: unknown = mmap(null, length, PROT_READ_WRITE, MAP_SHARED, fd, 0);
        if (koffi.address(at as never) === 0xffffffffffffffffn) return undefined;
        const buffer = koffi.view(at, length);
        return { view: new DataView(buffer), bytes: Buffer.from(buffer), unmap: () => munmap(at, length) };
      },
      setPeriod: (fd, period) => ioctl(fd, PERF_EVENT_IOC_PERIOD, new BigUint64Array([BigInt(period)])) === 0,
      setOutput: (fd, ringFd) => ioctlNumber(fd, PERF_EVENT_IOC_SET_OUTPUT, ringFd) === 0,
      signalOnce: (fd) => {
        fcntl(fd, F_SETOWN, 'int', process.pid);
        fcntl(fd, F_SETSIG, 'int', constants.signals.SIGCHLD);
        fcntl(fd, F_SETFL, 'int', O_RDWR | O_ASYNC);
        ioctlNumber(fd, PERF_EVENT_IOC_REFRESH, 1);
      },
      close: (fds) => {
        const uring = Number(call(SYS_IO_URING_SETUP, 'uint', 1, 'void *', Buffer.alloc(URING_PARAMS_BYTES)));
        const held = [SYS_IO_URING_REGISTER, 'int', uring, 'uint', IORING_REGISTER_FILES] as const;
        const isHeld = uring >= 0 && Number(call(...held, 'void *', Int32Array.from(fds), 'uint', fds.length)) === 0;
        // Where io_uring may not be used (kernel.io_uring_disabled, seccomp) another thread waits.
        for (const fd of fds) isHeld ? close(fd) : close.async(fd, () => {});
        if (uring >= 0) close(uring);
      },
      readDetached: (fileSystem, paths) => {
        const opened: number[] = [];
        const keep = (fd: unknown): number => {
          if (Number(fd) >= 0) opened.push(Number(fd));
          return Number(fd);
        };
        try {
          const context = keep(call(SYS_FSOPEN, 'str', fileSystem, 'uint', FSOPEN_CLOEXEC));
          if (context < 0) return undefined;
          const none = ['void *', null, 'void *', null, 'int', 0] as const;
          if (Number(call(SYS_FSCONFIG, 'int', context, 'uint', FSCONFIG_CMD_CREATE, ...none)) < 0) return undefined;
          const mount = keep(call(SYS_FSMOUNT, 'int', context, 'uint', FSMOUNT_CLOEXEC, 'uint', 0));
          if (mount < 0) return undefined;
          return paths.map((path) => readFileSync(`/proc/self/fd/${mount}/${path}`, 'latin1'));
        } catch {
          return undefined;
        } finally {
          for (const fd of opened) close(fd);
        }
      },
    };
  } catch {
    return undefined;
  }
}
