import { join } from 'node:path';

/** Where the kernel's files are: `/` on a machine, a fixture's folder in a test. */
export interface KernelRoot {
  proc(...parts: (string | number)[]): string;
  /** Absolute path as the kernel names it (`/sys/fs/cgroup/…`), placed under the root. */
  at(path: string): string;
}

export function kernelRoot(root = '/'): KernelRoot {
  return {
    proc: (...parts) => join(root, 'proc', ...parts.map(String)),
    at: (path) => join(root, path),
  };
}
