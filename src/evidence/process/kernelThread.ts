import type { Frame, TaskStack } from '../../core/stack.ts';
import type { CallList } from '../../core/systemCalls.ts';
import { needsChannel, waitKind } from '../../core/wait.ts';
import { readShort } from '../../procfs/read.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { type ProcessStat, parseStat } from '../../procfs/stat.ts';
import { type Place, readPlace } from '../../procfs/syscall.ts';

/** A thread as the kernel shows it: its name and what it waits for, without a stack. */
export interface KernelThread {
  readonly task: TaskStack;
  /** Where it stands; `undefined` while it runs, or if that may not be read. */
  readonly place: Place | undefined;
}

const NO_FRAMES: readonly Frame[] = [];
const ENDED = new Set(['Z', 'X']);

/**
 * A thread with the place where it stands. `list` is that of the system calls of its process. `undefined` when it is
 * gone.
 */
export function readThread(
  root: KernelRoot,
  pid: number,
  tid: number,
  list: CallList | undefined,
): KernelThread | undefined {
  const stat = parseStat(readShort(root.proc(pid, 'task', tid, 'stat')) ?? '');
  if (stat === undefined) return undefined;
  // The kernel shows zeros as the place of an ended main thread.
  const place = ENDED.has(stat.state) ? undefined : readPlace(root, pid, tid);
  if (place === 'running') return { task: taskOf(pid, tid, stat, waitKind({ state: 'R' })), place: undefined };
  const asksChannel = place === undefined || needsChannel(list, place.call);
  const channel = asksChannel ? readShort(root.proc(pid, 'task', tid, 'wchan')) : undefined;
  const call = place === undefined ? undefined : { number: place.call, args: place.args };
  return { task: taskOf(pid, tid, stat, waitKind({ state: stat.state, call, channel, list })), place };
}

/** The name and the state alone: a third of the time. `undefined` when it is gone. */
export function readName(root: KernelRoot, pid: number, tid: number): KernelThread | undefined {
  const stat = parseStat(readShort(root.proc(pid, 'task', tid, 'stat')) ?? '');
  if (stat === undefined) return undefined;
  return { task: taskOf(pid, tid, stat, waitKind({ state: stat.state })), place: undefined };
}

function taskOf(pid: number, tid: number, stat: ProcessStat, wait: TaskStack['wait']): TaskStack {
  const { cpuTicks, name, startTime } = stat;
  return { pid, tid, name, wait, runtime: 'name', frames: NO_FRAMES, isWhole: false, cpuTicks, startTime };
}
