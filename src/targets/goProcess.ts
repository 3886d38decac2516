import { detectRuntime } from '../ceilings/runtime.ts';
import { processesWithMostThreads } from '../procfs/busiest.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { catches } from '../procfs/status.ts';
import { countThreads } from '../procfs/task.ts';

/** Processes that are asked: those with the most threads. */
const ASKED = 4;
const POLL_MS = 5;

/**
 * Go programs of a target, the largest ones. A refused thread ends such a program (`fatal error: newosproc`), so what is
 * done with the others in the order clamp, dump comes too late there.
 */
export function goProcesses(root: KernelRoot, pids: readonly number[]): number[] {
  return processesWithMostThreads(root, pids)
    .slice(0, ASKED)
    .filter(({ pid }) => detectRuntime(root, pid, []) === 'go')
    .map(({ pid }) => pid);
}

/** SIGQUIT makes a Go program write where its goroutines are and who made them, and ends it: right before SIGKILL. */
export async function lastWordsOfGo(
  root: KernelRoot,
  pids: readonly number[],
  { now, timeoutMs }: { readonly now: () => number; readonly timeoutMs: number },
): Promise<void> {
  const asked = goProcesses(root, pids).filter((pid) => {
    if (!catches(root, pid, 'SIGQUIT')) return false;
    try {
      process.kill(pid, 'SIGQUIT');
      return true;
    } catch {
      return false;
    }
  });
  const endMs = now() + timeoutMs;
  while (now() < endMs && asked.some((pid) => countThreads(root, pid) !== undefined)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
