import type { StackSource } from '../core/runtimes.ts';
import { processesWithMostThreads } from '../procfs/busiest.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { detectRuntime } from '../procfs/runtime.ts';
import { catches } from '../procfs/status.ts';
import { countThreads } from '../procfs/task.ts';

/** Processes that are asked: those with the most threads. */
const ASKED = 4;
const POLL_MS = 5;

/** SIGQUIT makes a Go program write where its goroutines are and who made them, and ends it: right before SIGKILL. */
export async function lastWordsOfGo(
  root: KernelRoot,
  pids: readonly number[],
  { now, timeoutMs }: { readonly now: () => number; readonly timeoutMs: number },
): Promise<void> {
  const asked = runtimesOfLargest(root, pids).filter(({ pid, runtime }) => {
    if (runtime !== 'go' || !catches(root, pid, 'SIGQUIT')) return false;
    try {
      process.kill(pid, 'SIGQUIT');
      return true;
    } catch {
      return false;
    }
  });
  const endMs = now() + timeoutMs;
  while (now() < endMs && asked.some(({ pid }) => countThreads(root, pid) !== undefined)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function runtimesOfLargest(root: KernelRoot, pids: readonly number[]): { pid: number; runtime: StackSource }[] {
  return processesWithMostThreads(root, pids)
    .slice(0, ASKED)
    .map(({ pid }) => ({ pid, runtime: detectRuntime(root, pid, []) }));
}
