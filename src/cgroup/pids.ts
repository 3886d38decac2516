import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { KeptFile, readNumber } from '../procfs/read.ts';

/** The files of the pids controller of one cgroup, opened once and used at every look. */
export interface PidsFiles {
  /** Tasks in the cgroup and below; zombies count. `undefined` when the cgroup is gone. */
  current(): number | undefined;
  /** Creations refused so far in this one cgroup (`pids.events`); `Subtree` sums them with the ones below. */
  refused(): number | undefined;
  /** Sets the cap. A cap below the present number only stops growth. Throws when the kernel refuses. */
  setMax(tasks: number | 'max'): void;
  /** Whether the kernel shows this cap now: it may accept a write and ignore it. */
  isMax(tasks: number | 'max'): boolean;
  close(): void;
}

/** Throws the system error when `pids.max` cannot be opened for writing. */
export function openPids(dir: string): PidsFiles {
  const current = new KeptFile(join(dir, 'pids.current'));
  const events = new KeptFile(join(dir, 'pids.events'));
  const maxPath = join(dir, 'pids.max');
  const maxFd = openSync(maxPath, constants.O_WRONLY);
  return {
    current: () => {
      const count = current.readNumber();
      return typeof count === 'number' ? count : undefined;
    },
    refused: () => parseEvents(events.read()),
    setMax: (tasks) => void writeSync(maxFd, String(tasks)),
    isMax: (tasks) => readNumber(maxPath) === (tasks === 'max' ? 'unlimited' : tasks),
    close: () => {
      current.close();
      events.close();
      closeSync(maxFd);
    },
  };
}

/** `max 12\n`; `undefined` where the file does not exist (before Linux 4.8). */
export function parseEvents(text: string | undefined): number | undefined {
  const match = /^max (\d+)/m.exec(text ?? '');
  return match === null ? undefined : Number(match[1]);
}
