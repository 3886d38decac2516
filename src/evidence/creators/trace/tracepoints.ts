import { readText } from '../../../procfs/read.ts';
import type { KernelRoot } from '../../../procfs/root.ts';
import type { PerfEvents } from '../../../sys/perfEvents.ts';
import { parseTracepoint, type Tracepoints } from './record.ts';

/** Where systemd, and older distributions, mount tracefs. */
const MOUNTED = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];
const NEW_TASK = 'events/task/task_newtask/format';
const EXEC = 'events/sched/sched_process_exec/format';

/**
 * The tracepoints of new tasks and of new programs, as this kernel has them. Where tracefs is not mounted it is read from a mount
 * that no namespace has. `undefined` without the right to read it.
 */
export function readTracepoints(root: KernelRoot, perf: Pick<PerfEvents, 'readDetached'>): Tracepoints | undefined {
  const [newTask, exec] = readFormats(root, perf);
  if (newTask === undefined) return undefined;
  const task = parseTracepoint(newTask, ['pid', 'comm', 'clone_flags']);
  const begun = exec === undefined ? undefined : parseTracepoint(exec, ['filename']);
  if (task === undefined) return undefined;
  return { newTask: task, ...(begun === undefined ? {} : { exec: begun }) };
}

function readFormats(root: KernelRoot, perf: Pick<PerfEvents, 'readDetached'>): readonly (string | undefined)[] {
  for (const dir of MOUNTED) {
    const newTask = readText(root.at(`${dir}/${NEW_TASK}`));
    if (newTask !== undefined) return [newTask, readText(root.at(`${dir}/${EXEC}`))];
  }
  return perf.readDetached('tracefs', [NEW_TASK, EXEC]) ?? perf.readDetached('tracefs', [NEW_TASK]) ?? [];
}
