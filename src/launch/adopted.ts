import type { KernelRoot } from '../procfs/root.ts';
import { isZombie, readStat } from '../procfs/stat.ts';
import { listProcesses } from '../procfs/task.ts';
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

/** A process and everything below it now, without the guard itself: what it starts afterwards is born where it is. */
export function treeOf(root: KernelRoot, pid: number, except: number): number[] {
  const children = new Map<number, number[]>();
  for (const one of listProcesses(root)) {
    const parent = readStat(root, one)?.ppid;
    if (parent === undefined || one === except) continue;
    const known = children.get(parent);
    if (known === undefined) children.set(parent, [one]);
    else known.push(one);
  }
  const tree = [pid];
  for (let at = 0; at < tree.length; at += 1) tree.push(...(children.get(tree[at] as number) ?? []));
  return tree;
}
