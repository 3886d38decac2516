import type { KernelRoot } from '../procfs/root.ts';
import { listChildren } from '../procfs/task.ts';
import type { Libc } from '../sys/libc.ts';

/** A dying fork bomb sends thousands of SIGCHLD, and each pass over the children lists all of them. */
const PASS_EVERY_MS = 10;

/** Reaps dead orphans that came to the guard as their subreaper; Node waits for its own child alone. */
export interface Reaper {
  reap(): void;
  close(): void;
}

export function openReaper(
  root: KernelRoot,
  libc: Libc | undefined,
  childPid: () => number | undefined,
  /** Processes of the guard's own, which Node waits for. */
  own: ReadonlySet<number>,
): Reaper {
  let timer: NodeJS.Timeout | undefined;
  const reap = (): void => {
    const child = childPid();
    if (libc === undefined || child === undefined) return;
    for (const pid of listChildren(root, process.pid) ?? []) if (pid !== child && !own.has(pid)) libc.reap(pid);
  };
  const onChild = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      reap();
    }, PASS_EVERY_MS);
  };
  process.on('SIGCHLD', onChild);
  return {
    reap,
    close: () => {
      clearTimeout(timer);
      process.off('SIGCHLD', onChild);
    },
  };
}
