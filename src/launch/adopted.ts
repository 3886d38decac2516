import type { KernelRoot } from '../procfs/root.ts';
import { isZombie, readStat } from '../procfs/stat.ts';
import type { Child } from './child.ts';

/** A process that is not ours is asked for this often whether it lives: there is no SIGCHLD of it. */
const ASK_EVERY_MS = 50;

/** A process that runs already and keeps its parent. `release` ends the watch while it lives on. */
export function watchProcess(root: KernelRoot, pid: number): Child & { readonly release: () => void } {
  const startTime = readStat(root, pid)?.startTime;
  let release = (): void => {};
  const ended = new Promise<{ by: 'gone' }>((resolve) => {
    const timer = setInterval(() => {
      const stat = readStat(root, pid);
      const isGone = stat === undefined || stat.startTime !== startTime || isZombie(stat);
      if (isGone) release();
    }, ASK_EVERY_MS);
    release = () => {
      clearInterval(timer);
      resolve({ by: 'gone' });
    };
  });
  return { pid, stderr: undefined, ended, release: () => release() };
}
