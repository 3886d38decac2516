import { readShort } from './read.ts';
import type { KernelRoot } from './root.ts';

/** What a process did, from two files that cost 8 µs each, whatever it has for threads or maps. */
export interface Activity {
  /** Nanoseconds that its main thread spent on a processor. */
  readonly ranNs: number;
  /** Pages of its address space. */
  readonly pages: number;
}

/**
 * `/proc/PID/schedstat` (`1234567 890 12`: time on a processor, time waiting, slices) and the first number of
 * `/proc/PID/statm`. A process that makes maps runs, and often its address space grows: one that does neither need not have
 * its maps counted. `undefined` when it is gone.
 */
export function readActivity(root: KernelRoot, pid: number): Activity | undefined {
  const ran = Number(readShort(root.proc(pid, 'schedstat'))?.split(' ', 1)[0] ?? Number.NaN);
  const pages = Number(readShort(root.proc(pid, 'statm'))?.split(' ', 1)[0] ?? Number.NaN);
  if (Number.isNaN(pages)) return undefined;
  return { ranNs: Number.isNaN(ran) ? 0 : ran, pages };
}
