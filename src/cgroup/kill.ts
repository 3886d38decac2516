import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { KeptFile, readText } from '../procfs/read.ts';
import { parseProcs } from './members.ts';

/** One cgroup that can be ended as a whole and seen to be empty. */
export interface CgroupKiller {
  /** Ends every process inside and below at once (`cgroup.kill`, Linux 5.14). False where there is no such file. */
  kill(): boolean;
  /**
   * Whether a process is left. This comes from `populated` and never from `pids.current`: a zombie that its parent has
   * not reaped holds `pids.current`, at times for over a second, and says nothing about the kill.
   */
  isPopulated(): boolean;
  /** Processes of this one cgroup, without the ones below: `Subtree` has them all. */
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

/** Processes that a signal can be sent to. A 0 is a process of a foreign pid namespace: kill(0) would be our own group. */
export function parsePids(text: string): number[] {
  return [...new Set(parseProcs(text))].filter((pid) => pid > 0);
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY);
  } catch {
    return undefined;
  }
}
