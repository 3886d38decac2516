import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { KeptFile, readText } from '../procfs/read.ts';

/** A whole cgroup as one thing that can be ended and seen empty. */
export interface CgroupKiller {
  /** Ends every process inside at once (`cgroup.kill`, Linux 5.14). False where there is no such file. */
  kill(): boolean;
  /**
   * Whether a process is left. Read from `populated`, never from `pids.current`: a zombie that its
   * parent has not reaped holds the latter, for over a second at times, and says nothing of the kill.
   */
  isPopulated(): boolean;
  /** Processes inside, for a walk and for the list of survivors. */
  processes(): number[];
  close(): void;
}

export function openKiller(pidsDir: string, unifiedDir: string | undefined): CgroupKiller {
  const killFd = unifiedDir === undefined ? undefined : tryOpen(join(unifiedDir, 'cgroup.kill'));
  const events = unifiedDir === undefined ? undefined : new KeptFile(join(unifiedDir, 'cgroup.events'));
  const processes = () => parsePids(readText(join(pidsDir, 'cgroup.procs')) ?? '');
  return {
    kill: () => {
      if (killFd === undefined) return false;
      writeSync(killFd, '1');
      return true;
    },
    isPopulated: () => {
      const text = events?.read();
      return text === undefined ? processes().length > 0 : text.includes('populated 1');
    },
    processes,
    close: () => {
      events?.close();
      if (killFd !== undefined) closeSync(killFd);
    },
  };
}

export function parsePids(text: string): number[] {
  return [...new Set(text.split('\n').filter(Boolean).map(Number))];
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'w');
  } catch {
    return undefined;
  }
}
