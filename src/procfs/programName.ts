import { readlinkSync } from 'node:fs';
import type { KernelRoot } from './root.ts';
import { livingThread } from './task.ts';

/** A name as the kernel has it is cut after so many bytes (TASK_COMM_LEN less its end). */
const NAME_BYTES = 15;

/**
 * What a process is called, and what runs it, where that is another: a script, a program that was started through a link,
 * or one that gave its main thread a name. `name` is that of its main thread: `httpd, run by busybox`. A name that the
 * kernel cut is told whole.
 */
export function programName(root: KernelRoot, pid: number, name: string): string {
  const file = executableName(root, livingThread(root, pid));
  // `python3` runs `python3.11`, `redis-server` may run `redis-check-rdb`: only the second says something.
  if (file === '' || (file.startsWith(name) && Buffer.byteLength(name, 'latin1') < NAME_BYTES)) return name;
  const isCut = Buffer.byteLength(name, 'latin1') === NAME_BYTES && file.startsWith(name);
  return isCut ? file : `${name}, run by ${file}`;
}

function executableName(root: KernelRoot, pid: number): string {
  try {
    // In latin1, as names are read from all other files of the kernel.
    const path = readlinkSync(root.proc(pid, 'exe'), 'latin1').replace(/ \(deleted\)$/, '');
    return path.slice(path.lastIndexOf('/') + 1);
  } catch {
    return '';
  }
}
