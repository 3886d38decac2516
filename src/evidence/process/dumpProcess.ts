import type { TaskStack } from '../../core/stack.ts';
import type { CallList } from '../../core/systemCalls.ts';
import { waitOfStack } from '../../core/wait.ts';
import { readMachine } from '../../procfs/machine.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { runtimesIn } from '../../procfs/runtime.ts';
import { livingThread } from '../../procfs/task.ts';
import type { OpenProcess, Reading } from '../dumpers/dumper.ts';
import type { ElfFiles } from '../native/elfFiles.ts';
import { openNativeProcess } from '../native/nativeProcess.ts';
import type { Stillness } from '../stillness.ts';
import { type Answers, askDumpers, type DumperList } from './askDumpers.ts';
import { readName, readThread } from './kernelThread.ts';
import { standstillNotes } from './standstill.ts';

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
  /** Somebody else may have stopped it: that is told. */
  readonly tellsStandstill: boolean;
  readonly dumpers: DumperList | undefined;
}

interface ThreadToRead {
  readonly root: KernelRoot;
  readonly pid: number;
  readonly tid: number;
  readonly list: CallList | undefined;
}

/** One process, and what of it was read. */
export interface ProcessDump {
  readonly pid: number;
  /** Threads that there were. */
  readonly found: number;
  readonly stacks: readonly TaskStack[];
  /** Absent if there was no time to ask anybody. */
  readonly answers: Answers | undefined;
  /** Sentences about the process as a whole. */
  readonly notes: readonly string[];
}

/** Reads the threads of one process, as far as the time goes. */
export function dumpProcess(context: DumpContext, pid: number, tids: readonly number[]): ProcessDump {
  const { files, root, stillness, tellsStandstill } = context;
  const { isHurried, isOver } = timeOf(context);
  if (isOver()) return { pid, found: tids.length, stacks: [], answers: undefined, notes: [] };
  const native = isHurried() ? undefined : openNativeProcess(root, pid, files);
  try {
    const machine = readMachine(root, livingThread(root, pid));
    const list = machine === 'other' ? undefined : machine;
    const notes = tellsStandstill ? standstillNotes(root, pid) : [];
    const answers = isHurried() ? undefined : ask(context, { pid, tids, native, machine });
    const stacks: TaskStack[] = [];
    for (const tid of tids) {
      if (isOver()) break;
      const stack = readStack({ root, list, pid, tid }, answers, isHurried());
      if (stack !== undefined) stacks.push(stack);
      stillness.tick(pid);
    }
    return { pid, found: tids.length, stacks, answers, notes };
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
  process: Pick<OpenProcess, 'pid' | 'tids' | 'native' | 'machine'>,
): Answers {
  const paths = process.native?.modules.all().map(({ path }) => path) ?? [];
  const runtimes = runtimesIn(root, livingThread(root, process.pid), paths);
  return askDumpers({ ...process, root, runtimes }, reading, dumpers);
}

/**
 * One thread. In a hurry no native stack is read, which costs two thirds of the time; what a runtime has told already
 * still counts.
 */
function readStack(
  { list, pid, root, tid }: ThreadToRead,
  answers: Answers | undefined,
  isHurried: boolean,
): TaskStack | undefined {
  const thread = isHurried ? readName(root, pid, tid) : readThread(root, pid, tid, list);
  if (thread === undefined) return undefined;
  const told = answers?.stackOf(thread);
  if (told === undefined) return thread.task;
  // Its place tells what it waits for.
  const { task } = (isHurried ? readThread(root, pid, tid, list) : undefined) ?? thread;
  // Names of functions of the C library and of Go are known; a script may call its own what it likes.
  const isOfLibraries = told.runtime === 'native' || told.runtime === 'go';
  return { ...task, wait: isOfLibraries ? waitOfStack(task.wait, told.frames) : task.wait, ...told };
}
