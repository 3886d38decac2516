import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseNumber } from '../procfs/read.ts';

/** `pids.max` of one cgroup, opened once: it is written when the line moves, and read back at every look. */
export interface CapFile {
  /** Sets the cap. A cap below the present number only stops growth. Throws when the kernel refuses. */
  set(tasks: number | 'max'): void;
  /** The cap that the kernel shows now; `undefined` when the cgroup is gone. A read of 2 µs. */
  read(): number | 'max' | undefined;
  close(): void;
}

/** Throws the system error when `pids.max` cannot be opened for writing. */
export function openCapFile(dir: string): CapFile {
  const fd = openSync(join(dir, 'pids.max'), constants.O_RDWR);
  const buffer = Buffer.alloc(32);
  return {
    set: (tasks) => void writeSync(fd, String(tasks)),
    read: () => {
      try {
        const shown = parseNumber(buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0)));
        return shown === 'unlimited' ? 'max' : shown === 'unknown' ? undefined : shown;
      } catch {
        return undefined;
      }
    },
    close: () => closeSync(fd),
  };
}

/** `max 12\n`; `undefined` where the file does not exist (before Linux 4.8). */
export function parseEvents(text: string | undefined): number | undefined {
  const match = /^max (\d+)/m.exec(text ?? '');
  return match === null ? undefined : Number(match[1]);
}
