import type { TaskFacts } from '../core/group.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { parseStat } from '../procfs/stat.ts';
import { listThreads } from '../procfs/task.ts';

export interface Capture {
  readonly tasks: readonly TaskFacts[];
  /** Threads found; `tasks` are the ones read before the deadline. */
  readonly found: number;
  readonly tookMs: number;
}

/**
 * Name, state and wait channel of every thread of these processes, straight from `/proc`: no tool is
 * started, no thread made and nothing stopped, so it works when not one pid is left. First all names
 * and states, then, as far as the time goes, the wait channels of an even sample.
 */
export function captureTasks(
  root: KernelRoot,
  pids: readonly number[],
  options: { readonly now: () => number; readonly timeoutMs: number },
): Capture {
  const startMs = options.now();
  const isLate = () => options.now() - startMs >= options.timeoutMs;
  const tasks: (TaskFacts & { wchan: string })[] = [];
  let found = 0;
  for (const pid of pids) {
    const tids = listThreads(root, pid);
    found += tids.length;
    for (const tid of tids) {
      if (isLate()) break;
      const stat = parseStat(readText(root.proc(pid, 'task', tid, 'stat')) ?? '');
      if (stat !== undefined) tasks.push({ pid, tid, name: stat.name, state: stat.state, wchan: '' });
    }
  }
  const step = Math.max(1, Math.floor(tasks.length / WCHAN_SAMPLE));
  for (let index = 0; index < tasks.length && !isLate(); index += step) {
    const task = tasks[index] as TaskFacts & { wchan: string };
    const wchan = readText(root.proc(task.pid, 'task', task.tid, 'wchan')) ?? '';
    task.wchan = wchan === '0' ? '' : wchan;
  }
  return { tasks, found, tookMs: options.now() - startMs };
}

/** Threads of one group wait in the same place; a thousand show the mix. */
const WCHAN_SAMPLE = 1_000;
