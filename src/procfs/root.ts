import { join } from 'node:path';

/** Where the files of the kernel are: `/` on a machine, a folder in a test. */
export interface KernelRoot {
  /** A path below `/proc`. */
  proc(...parts: (string | number)[]): string;
  /** A path as the kernel names it (`/sys/fs/cgroup/…`), placed below the root. */
  at(path: string): string;
}

export function kernelRoot(root = '/'): KernelRoot {
  return {
    proc: (...parts) => join(root, 'proc', ...parts.map(String)),
    at: (path) => join(root, path),
  };
}
