import { readText } from './read.ts';
import type { KernelRoot } from './root.ts';

/** Stack pointer of a thread that waits in the kernel; `undefined` while it runs, or without the rights of ptrace. */
export function readStackPointer(root: KernelRoot, pid: number, tid: number): number | undefined {
  return parseStackPointer(readText(root.proc(pid, 'task', tid, 'syscall')) ?? '');
}

/** `202 0x7f… 0x0 … 0x7ffe12340000 0x7f12aaaa0000`: number, six arguments, SP, PC; `-1 SP PC` outside of a call; or `running`. */
export function parseStackPointer(text: string): number | undefined {
  const words = text.trim().split(' ');
  const word = words.length >= 3 ? words.at(-2) : undefined;
  return word?.startsWith('0x') ? Number(word) : undefined;
}
