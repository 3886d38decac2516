import { readlinkSync } from 'node:fs';
import type { KernelRoot } from './root.ts';

/** The host's own pid namespace has this inode on every kernel (PROC_PID_INIT_INO, include/linux/proc_ns.h). */
const HOST_PID_NAMESPACE = 'pid:[4026531836]';

/** Whether we run in a pid namespace below the host's; false when it cannot be told. */
export function isNestedPidNamespace(root: KernelRoot): boolean {
  try {
    return readlinkSync(root.proc('self', 'ns', 'pid')) !== HOST_PID_NAMESPACE;
  } catch {
    return false;
  }
}
