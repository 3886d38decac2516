import { createRequire } from 'node:module';

/** Makes threads and processes as a C program does: no compiler is needed, and Node itself takes no part in them. */
export interface TaskMaker {
  /** One thread that waits for ever. 0, or the errno of the refusal. */
  thread(): number;
  /** One process that sleeps. 0, or the errno of the refusal. */
  process(): number;
  /** Puts this process into a session and a process group of its own. False when it led one already. */
  leaveSession(): boolean;
  /** SIGKILL for this process when its parent ends: prctl(PR_SET_PDEATHSIG). Its threads go with it. */
  dieWithParent(): void;
}

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/** `undefined` where koffi or glibc cannot be loaded. A process that it makes ends by itself after `sleepMs`. */
export function loadTaskMaker(sleepMs: number): TaskMaker | undefined {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const lib = koffi.load('libc.so.6');
    const create = lib.func(
      'int pthread_create(_Out_ ulong *thread, const void *attributes, void *start, void *argument)',
    );
    const spawn = lib.func(
      'int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **words, const char **env)',
    );
    const setsid = lib.func('int setsid()');
    const prctl = lib.func('int prctl(int op, ulong a, ulong b, ulong c, ulong d)');
    // pause(2) takes nothing and returns after a signal only: as the body of a thread it stands still for ever.
    const pause: unknown = lib.symbol('pause');
    const words = ['sh', '-c', `exec sleep ${Math.ceil(sleepMs / 1000)}`, null];
    return {
      thread: () => create([0], null, pause, null) as number,
      process: () => spawn([0], '/bin/sh', null, null, words, [null]) as number,
      leaveSession: () => (setsid() as number) > 0,
      dieWithParent: () => void prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0),
    };
  } catch {
    return undefined;
  }
}
