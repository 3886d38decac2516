import { constants } from 'node:os';
import type { Ended } from '../core/model.ts';
import { type Libc, RLIMIT_CORE } from '../sys/libc.ts';

/** How long a signal to ourselves may take to end us before the shell's number for it is used instead. */
const DEATH_MS = 100;

/** Ends the guard as the child ended: with its status, or by the same signal. */
export function leaveAs(ended: Ended, libc: Libc | undefined): void {
  if (ended.by !== 'signal') {
    leave(ended.by === 'exit' ? ended.code : 0, libc);
    return;
  }
  const { signal } = ended;
  // The core worth having is the child's, and it has written it already.
  libc?.setLimit(0, RLIMIT_CORE, 0n, libc.getLimit(0, RLIMIT_CORE)?.hard ?? 0n);
  // Node itself ignores SIGPIPE: a listener that comes and goes leaves the kernel's default behind.
  if (signal === 'SIGPIPE') process.once(signal, () => {});
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // Still here as pid 1, which the kernel shields from signals it does not handle.
  setTimeout(() => leave(128 + constants.signals[signal], libc), DEATH_MS);
}

/** Ends the guard now. Through `_exit` where possible: exit(3) would wait for a writer stuck in write(2). */
export function leave(code: number, libc: Libc | undefined): void {
  libc?.exitNow(code);
  process.exit(code);
}
