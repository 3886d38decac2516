import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../errors.ts';
import { KeptFile } from '../procfs/read.ts';
import { type CapFile, openCapFile, parseEvents } from './pids.ts';

export interface PenNumbers {
  /** Tasks inside, and the most that may be. */
  readonly used: number;
  readonly limit: number;
  /** How often its own limit refused a task; v1, and v2 before Linux 6.11, count that where the fork was, and it stays 0. */
  readonly refused: number;
}

/** The cgroup around the targets of all guards of one place. Its own `pids.max` keeps the reserve of what is around it. */
export interface Pen {
  readonly dir: string;
  /** `undefined` where it cannot be read, or has no limit. */
  read(): PenNumbers | undefined;
  /** How many targets stand in it. */
  sharers(): number;
  /** Moves its limit. Guards that do so at the same time come to the same number. */
  setLimit(tasks: number): void;
  close(): void;
}

/** The name that every guard gives it. */
export const PEN = 'threadguard';

/** Makes the pen below a cgroup, or takes the one that another guard made. Throws the system error when it may not. */
export function makePen(parent: string): string {
  const dir = join(parent, PEN);
  try {
    mkdirSync(dir);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  return dir;
}

/** `undefined` where there is nothing to open. Without a right to write, its limit is read only. */
export function openPen(dir: string): Pen {
  const current = new KeptFile(join(dir, 'pids.current'));
  const max = new KeptFile(join(dir, 'pids.max'));
  const events = new KeptFile(join(dir, 'pids.events'));
  let cap: CapFile | undefined;
  try {
    cap = openCapFile(dir);
  } catch {
    // systemd's slice, seen by a plain user: what it says holds all the same.
  }
  return {
    dir,
    read: () => {
      const [used, limit] = [current.readNumber(), max.readNumber()];
      if (typeof used !== 'number' || typeof limit !== 'number') return undefined;
      return { used, limit, refused: parseEvents(events.read()) ?? 0 };
    },
    sharers: () => {
      try {
        return readdirSync(dir).filter((name) => name.startsWith('threadguard-')).length;
      } catch {
        return 1;
      }
    },
    setLimit: (tasks) => {
      try {
        if (cap !== undefined && cap.read() !== tasks) cap.set(tasks);
      } catch {
        // It has just been removed: nobody stands in it.
      }
    },
    close: () => {
      for (const file of [current, max, events]) file.close();
      cap?.close();
    },
  };
}
