import { readShort } from './read.ts';
import type { KernelRoot } from './root.ts';

/** Where a thread is, from `/proc/PID/task/TID/syscall` (proc_pid_syscall(5)). */
export interface Place {
  /** The number of the system call; -1 outside of one (stopped in user mode). */
  readonly call: number;
  readonly args: readonly number[];
  readonly sp: number;
  readonly pc: number;
}

/** `'running'` while the thread is on a processor. `undefined` when it is gone or the rights of ptrace are missing. */
export function readPlace(root: KernelRoot, pid: number, tid: number): Place | 'running' | undefined {
  return parsePlace(readShort(root.proc(pid, 'task', tid, 'syscall')) ?? '');
}

/** `202 0x7f… 0x0 … 0x7ffe12340000 0x7f12aaaa0000`: number, six arguments, SP, PC. Outside of a call `-1 SP PC`. */
export function parsePlace(text: string): Place | 'running' | undefined {
  const words = text.trimEnd().split(' ');
  if (words[0] === 'running') return 'running';
  if (words.length !== 9 && words.length !== 3) return undefined;
  const [call, ...rest] = words.map(Number) as [number, ...number[]];
  const pc = rest.pop() as number;
  const sp = rest.pop() as number;
  return Number.isNaN(call) || Number.isNaN(pc) || Number.isNaN(sp) ? undefined : { call, args: rest, sp, pc };
}
