import type { FailedCall } from '../../core/refusal.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { parseFailure, straceProcess, straceWords } from './strace.ts';
import { openInstance } from './tracefs.ts';

/** Somebody watches the calls that make threads, processes and maps, and writes down the ones that fail. */
export interface Trace {
  readonly by: 'tracefs' | 'strace';
  /** What that costs the target, for people. */
  readonly cost: string;
  /** Put before the words of a command. */
  readonly prefix: readonly string[];
  /** Whether a call has failed with EAGAIN or ENOMEM, or was not permitted. */
  failed(): boolean;
  /** The first call that failed. */
  call(): FailedCall | undefined;
  close(): void;
}

/**
 * The cheapest way that is possible: an instance of tracefs that the kernel filters (it needs root, and tracefs mounted),
 * else strace. The calling thread and what it forks are watched, so a command must be forked by this thread.
 */
export function traceCommand(root: KernelRoot): Trace {
  const instance = openInstance(root, [process.pid]);
  if (instance !== undefined) return { ...instance, prefix: [] };
  const { close, lines, words } = straceWords();
  return {
    by: 'strace',
    cost: 'strace watches it: threads are made ten times slower',
    prefix: words,
    ...firstFailure(lines),
    close,
  };
}

/** The same for a process that runs already. `tids` are its threads; what they make is followed. */
export async function traceProcess(root: KernelRoot, pid: number, tids: readonly number[]): Promise<Trace> {
  const instance = openInstance(root, tids);
  if (instance !== undefined) return { ...instance, prefix: [] };
  const { close, lines } = await straceProcess(pid);
  return {
    by: 'strace',
    cost: 'strace is attached: every system call of it stops twice, threads are made ten times slower and more',
    prefix: [],
    ...firstFailure(lines),
    close,
  };
}

/** Reads on each time that it is asked, and remembers the first failure. */
export function firstFailure(lines: () => readonly string[]): Pick<Trace, 'call' | 'failed'> {
  let found: FailedCall | undefined;
  const call = (): FailedCall | undefined => {
    for (const line of lines()) found ??= parseFailure(line);
    return found;
  };
  return { call, failed: () => call() !== undefined };
}
