import { openSurroundings } from '../ceilings/surroundings.ts';
import { DEFAULT_SETTINGS } from '../policy/settings.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { systemClock } from '../sys/clock.ts';
import type { Libc } from '../sys/libc.ts';
import { contain } from '../targets/contain.ts';
import { killTree } from '../targets/killTree.ts';

/** A second cap around the guard and its bomb, so that a fault of the guard cannot cost the machine more than that. */
export interface Fence {
  /** Forks a child that is born inside. The fork must happen within the call. */
  start<Child extends { readonly pid?: number | undefined }>(fork: () => Child): Child;
  /** Ends all that is left inside, and takes the fence away. False when something had to stay. */
  remove(): Promise<boolean>;
}

interface FenceParts {
  readonly root: KernelRoot;
  readonly libc: Libc | undefined;
  readonly now: () => number;
  /** The most tasks inside. */
  readonly tasks: number;
  /** Processes that the drill makes for itself outside of it. */
  readonly own: Set<number>;
}

/** By a cgroup where one can be had, else by RLIMIT_NPROC; else there is only the bomb's own end, which is always there. */
export function openFence({ libc, now, own, root, tasks }: FenceParts): Fence {
  const nobody = { heaviest: () => undefined, perThread: () => undefined, libc, now };
  const surroundings = openSurroundings(root, nobody, () => {});
  const { target } = contain(DEFAULT_SETTINGS, { root, surroundings, libc, now, own });
  return {
    start: (fork) => {
      let pid: number | undefined;
      target.birth.beforeFork(tasks);
      try {
        const child = fork();
        pid = child.pid;
        return child;
      } finally {
        target.birth.afterFork(pid, tasks);
      }
    },
    remove: async () => {
      const { survivors } = await killTree({ target, reap: () => {}, clock: systemClock });
      await target.close();
      return target.remove() && survivors.length === 0;
    },
  };
}
