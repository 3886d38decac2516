import { type BashTables, pointerAt } from './bashTables.ts';
import type { ShellHeap } from './shellHeap.ts';

export interface BashJob {
  /** The command as bash prints it. */
  readonly text: string;
  readonly isForeground: boolean;
}

/** Jobs are looked at from the newest on. Between a creation and its reading there are as many as are made in 20 ms. */
const MOST_JOBS = 512;
const MOST_PROCESSES = 32;
const MOST_TEXT = 2048;
const J_FOREGROUND = 1;
/** `j_lastj` of `struct jobstats`, `flags` of JOB; `pid` and `command` of PROCESS (jobs.h). */
const LAST_JOB_AT = 28;
const JOB_BYTES = 32;
const JOB_FLAGS_AT = 24;
const PROCESS_BYTES = 32;

/** The job that a child belongs to, while bash keeps it: a foreground command is forgotten when it has ended. */
export function findJob(heap: ShellHeap, tables: BashTables, pids: readonly number[]): BashJob | undefined {
  const list = heap.word(tables.jobs) ?? 0;
  const last = heap.bytes(tables.jobStats + LAST_JOB_AT, 4)?.readInt32LE(0) ?? -1;
  for (let index = last; index >= 0 && index > last - MOST_JOBS; index -= 1) {
    const address = heap.word(list + 8 * index);
    if (address === undefined) return undefined;
    const job = address === 0 ? undefined : heap.bytes(address, JOB_BYTES);
    const text = job === undefined ? undefined : textOf(heap, pointerAt(job, 8), pids);
    if (job !== undefined && text !== undefined) {
      return { text, isForeground: (job.readInt32LE(JOB_FLAGS_AT) & J_FOREGROUND) !== 0 };
    }
  }
  return undefined;
}

/** The processes of a job are a ring: `next, pid, …, command`. */
function textOf(heap: ShellHeap, first: number, pids: readonly number[]): string | undefined {
  let at = first;
  for (let count = 0; count < MOST_PROCESSES && at !== 0; count += 1) {
    const bytes = heap.bytes(at, PROCESS_BYTES);
    if (bytes === undefined) return undefined;
    if (pids.includes(bytes.readInt32LE(8))) return heap.text(pointerAt(bytes, 24), MOST_TEXT)?.toString('utf8');
    at = pointerAt(bytes, 0);
    if (at === first) return undefined;
  }
  return undefined;
}
