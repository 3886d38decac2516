import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** `cgroup.kill` of a v2 cgroup (Linux 5.14): SIGKILL to every process inside and below, in one act. */
export interface KillFile {
  /** False where there is no such file. */
  kill(): boolean;
  close(): void;
}

/** Opened before there is need of it: at a bad moment there is no free descriptor. */
export function openKillFile(unifiedDir: string | undefined): KillFile {
  const fd = unifiedDir === undefined ? undefined : tryOpen(join(unifiedDir, 'cgroup.kill'));
  return {
    kill: () => {
      if (fd === undefined) return false;
      writeSync(fd, '1');
      return true;
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
    },
  };
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY);
  } catch {
    return undefined;
  }
}
