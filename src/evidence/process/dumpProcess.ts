import type { TaskStack } from '../../core/stack.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { runtimesIn } from '../../procfs/runtime.ts';
import type { Reading } from '../dumpers/dumper.ts';
import type { ElfFiles } from '../native/elfFiles.ts';
import { type NativeProcess, openNativeProcess } from '../native/nativeProcess.ts';
import type { Stillness } from '../stillness.ts';
import { type Answers, askDumpers, type DumperList } from './askDumpers.ts';
import { readName, readThread } from './kernelThread.ts';

/** When no more than this share of the time is left, only the names of the remaining threads are read. */
const HURRY_SHARE = 0.25;

/** What the dumps of all processes have in common. */
export interface DumpContext {
  readonly root: KernelRoot;
  readonly reading: Reading;
  /** The whole time, for all processes. */
  readonly timeoutMs: number;
  readonly files: ElfFiles;
  readonly stillness: Stillness;
  readonly dumpers: DumperList | undefined;
}

/** One process, and what of it was read. */
export interface ProcessDump {
  readonly pid: number;
  /** Threads that there were. */
  readonly found: number;
  readonly stacks: readonly TaskStack[];
  /** Absent if there was no time to ask anybody. */
  readonly answers: Answers | undefined;
}

/** Reads the threads of one process, as far as the time goes. */
export function dumpProcess(context: DumpContext, pid: number, tids: readonly number[]): ProcessDump {
  const { files, root, stillness } = context;
  const { isHurried, isOver } = timeOf(context);
  if (isOver()) return { pid, found: tids.length, stacks: [], answers: undefined };
  const native = isHurried() ? undefined : openNativeProcess(root, pid, files);
  try {
    const answers = isHurried() ? undefined : ask(context, pid, tids, native);
    const stacks: TaskStack[] = [];
    for (const tid of tids) {
      if (isOver()) break;
      const stack = readStack(root, pid, tid, answers, isHurried());
      if (stack !== undefined) stacks.push(stack);
      stillness.tick(pid);
    }
    return { pid, found: tids.length, stacks, answers };
  } finally {
    stillness.end();
    native?.close();
  }
}

function timeOf({ reading: { endMs, now }, timeoutMs }: DumpContext): {
  readonly isHurried: () => boolean;
  readonly isOver: () => boolean;
} {
  return { isHurried: () => endMs - now() < timeoutMs * HURRY_SHARE, isOver: () => endMs - now() <= 0 };
}

function ask(
  { dumpers, reading, root }: DumpContext,
  pid: number,
  tids: readonly number[],
  native: NativeProcess | undefined,
): Answers {
  const paths = native?.modules.all().map(({ path }) => path) ?? [];
  return askDumpers({ root, pid, tids, runtimes: runtimesIn(root, pid, paths), native }, reading, dumpers);
}

/**
 * One thread. In a hurry no native stack is read, which costs two thirds of the time; what a runtime has told already
 * still counts.
 */
function readStack(
  root: KernelRoot,
  pid: number,
  tid: number,
  answers: Answers | undefined,
  isHurried: boolean,
): TaskStack | undefined {
  const thread = isHurried ? readName(root, pid, tid) : readThread(root, pid, tid);
  if (thread === undefined) return undefined;
  const told = answers?.stackOf(thread);
  if (told === undefined) return thread.task;
  // Its place tells what it waits for.
  const { task } = (isHurried ? readThread(root, pid, tid) : undefined) ?? thread;
  return { ...task, ...told };
}
