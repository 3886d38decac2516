import { readShort } from '../../procfs/read.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { parseStatus, readStatus } from '../../procfs/status.ts';
import type { JvmThread } from './threadDump.ts';

/** Threads of a JVM by the ids that they have here. A JVM in a container names them by those of the container. */
export function threadsByTid(
  { pid, root, tids }: { readonly root: KernelRoot; readonly pid: number; readonly tids: readonly number[] },
  threads: readonly JvmThread[],
): ReadonlyMap<number, JvmThread> {
  const byInner = new Map(threads.map((thread) => [thread.nid, thread]));
  if ((readStatus(root, pid)?.nsPids.length ?? 1) <= 1) return byInner;
  const byOuter = new Map<number, JvmThread>();
  for (const tid of tids) {
    const inner = parseStatus(readShort(root.proc(pid, 'task', tid, 'status')) ?? '')?.nsPids.at(-1);
    const thread = inner === undefined ? undefined : byInner.get(inner);
    if (thread !== undefined) byOuter.set(tid, thread);
  }
  return byOuter;
}
