import { readlinkSync } from 'node:fs';
import { parseMountinfo } from './mountinfo.ts';
import { readText } from './read.ts';
import type { KernelRoot } from './root.ts';

/** The namespaces of the host have these inodes on every kernel (include/linux/proc_ns.h). */
const HOST: Readonly<Record<'pid' | 'user', string>> = { pid: 'pid:[4026531836]', user: 'user:[4026531837]' };

/** Whether a process is in a namespace below the host's. `undefined` when it cannot be told (another user's process). */
export function isNested(root: KernelRoot, pid: number | 'self', kind: 'pid' | 'user'): boolean | undefined {
  try {
    return readlinkSync(root.proc(pid, 'ns', kind)) !== HOST[kind];
  } catch {
    return undefined;
  }
}

/**
 * The uid outside of our user namespace that our uid 0 stands for, from `/proc/self/uid_map` (`inside outside count`,
 * user_namespaces(7)). 0 on the host; `undefined` where it stands for none.
 */
export function rootOutside(root: KernelRoot): number | undefined {
  for (const line of (readText(root.proc('self', 'uid_map')) ?? '').split('\n')) {
    const [inside, outside] = line.trim().split(/\s+/).map(Number);
    if (inside === 0) return outside;
  }
  return undefined;
}

/** Whether `/proc` hides the processes of other users (mounted with hidepid=1, 2, 4 or their names; proc(5)). */
export function hidesProcesses(root: KernelRoot): boolean {
  const mounts = parseMountinfo(readText(root.proc('self', 'mountinfo')) ?? '');
  const proc = mounts.filter(({ type, mountPoint }) => type === 'proc' && mountPoint === '/proc').at(-1);
  return proc?.options.some((option) => /^hidepid=(?!0$|off$)/.test(option)) ?? false;
}
