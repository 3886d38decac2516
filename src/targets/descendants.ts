import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { listProcesses } from '../procfs/task.ts';

/** A process and everything below it now, without the guard itself: what it starts afterwards is born where it is. */
export function descendantsOf(root: KernelRoot, pid: number, except: number): number[] {
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
