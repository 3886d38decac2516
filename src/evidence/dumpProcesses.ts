import type { TaskStack, WaitKind } from '../core/stack.ts';
import { formatCount } from '../core/units.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { listThreads } from '../procfs/task.ts';
import { keepHeapSmall } from '../sys/heap.ts';
import { pauseHere } from '../sys/pause.ts';
import type { CreatorSource } from './creators/creatorSource.ts';
import type { RawFile, Reading } from './dumpers/dumper.ts';
import { limitsUntil } from './elf/readLimits.ts';
import { settle } from './memoryLock.ts';
import { ElfFiles } from './native/elfFiles.ts';
import type { Pause } from './pauseTarget.ts';
import type { DumperList } from './process/askDumpers.ts';
import { type DumpContext, dumpProcess, type ProcessDump } from './process/dumpProcess.ts';
import { Stillness } from './stillness.ts';

const OF_PROCESS = /\bprocess (\d+)\b/;
const MOST_NOTES = 20;
const HAVE_NO_STACK: ReadonlySet<WaitKind> = new Set(['running', 'dead']);

/** The stacks of some processes, as far as they could be read. */
export interface Dump {
  /** Tasks that there were. */
  readonly found: number;
  /** Tasks whose stack was read, and those that have none: they were on a processor, or have ended. Of the others at most the name is known. */
  readonly covered: number;
  readonly stacks: readonly TaskStack[];
  readonly tookMs: number;
  /** How long the target was stopped for it. */
  readonly stoppedMs: number;
  /** Runtimes that were recognised, with their versions if they have some. */
  readonly runtimes: readonly string[];
  /** What could not be seen, and why: sentences for people. */
  readonly notes: readonly string[];
  /** What a runtime printed itself, by file name. */
  readonly raw: readonly RawFile[];
  /** The processes, the one with the most threads first, and where to look for the code that makes their threads. */
  readonly processes: readonly { readonly pid: number; readonly creators: readonly CreatorSource[] }[];
}

export interface DumpOptions extends Partial<Pick<Reading, 'signals' | 'recording' | 'wait'>> {
  readonly libc: Reading['libc'];
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly timeoutMs: number;
  /** Given if a target that is in the way of its own reading may be stopped. */
  readonly pause?: Pause;
  /** The dumpers to ask; all that there are if it is left out. */
  readonly dumpers?: DumperList;
}

/**
 * Where every thread of these processes is. All of it is read, here and now: nothing is stopped (but by `pause`), no tool
 * is started and no thread is made. After `timeoutMs` it returns what it has.
 */
export function dumpProcesses(root: KernelRoot, pids: readonly number[], options: DumpOptions): Dump {
  keepHeapSmall();
  const startMs = options.now();
  const context = contextOf(root, options, startMs);
  const processes = withThreads(root, pids);
  const { now, pause, wait = pauseHere } = options;
  const order = processes.map(({ pid }) => pid);
  const settled = settle(root, order, { now, pause, wait });
  try {
    const dumps = processes.map(({ pid, tids }) => {
      settled.tick();
      return dumpProcess(context, pid, tids);
    });
    return sumUp(dumps, now() - startMs, context.stillness.stoppedMs + settled.end());
  } finally {
    settled.end();
    context.files.close();
  }
}

function contextOf(root: KernelRoot, options: DumpOptions, startMs: number): DumpContext {
  const { dumpers, libc, now, pause, recording, signals, timeoutMs, wait = pauseHere } = options;
  const endMs = startMs + timeoutMs;
  return {
    root,
    reading: { libc, now, recording, signals, wait, endMs },
    timeoutMs,
    files: new ElfFiles(limitsUntil(endMs, now), libc),
    stillness: new Stillness(pause, now),
    tellsStandstill: pause === undefined,
    dumpers,
  };
}

/** The processes with the most threads first: the question is about them. */
function withThreads(root: KernelRoot, pids: readonly number[]): { pid: number; tids: readonly number[] }[] {
  return pids.map((pid) => ({ pid, tids: listThreads(root, pid) })).sort((a, b) => b.tids.length - a.tids.length);
}

function sumUp(dumps: readonly ProcessDump[], tookMs: number, stoppedMs: number): Dump {
  const stacks = dumps.flatMap((one) => one.stacks);
  const found = dumps.reduce((sum, one) => sum + one.found, 0);
  const missing = found - stacks.length;
  const notes = [
    ...dumps.flatMap((one) => one.notes),
    ...dumps.flatMap((one) => one.answers?.notes ?? []),
    ...(missing === 0
      ? []
      : [`${formatCount(missing)} tasks ended while they were read, or there was no more time for them`]),
  ];
  return {
    found,
    covered: stacks.filter(({ frames, wait }) => frames.length > 0 || HAVE_NO_STACK.has(wait)).length,
    stacks,
    tookMs,
    stoppedMs,
    runtimes: [...new Set(dumps.flatMap((one) => one.answers?.runtimes ?? []))],
    notes: alike(notes).slice(0, MOST_NOTES),
    raw: dumps.flatMap((one) => one.answers?.files ?? []),
    processes: dumps.map(({ answers, pid }) => ({ pid, creators: answers?.creators ?? [] })),
  };
}

/** Notes that differ in the number of their process only, as one: a tree of shells would say the same of each. */
export function alike(notes: readonly string[]): string[] {
  const pids = new Map<string, string[]>();
  for (const note of new Set(notes)) {
    const pid = OF_PROCESS.exec(note)?.[1];
    const text = pid === undefined ? note : note.replace(OF_PROCESS, 'process \0');
    pids.set(text, [...(pids.get(text) ?? []), ...(pid === undefined ? [] : [pid])]);
  }
  return [...pids].map(([text, [first, ...others]]) => {
    if (first === undefined) return text;
    const more = others.length === 0 ? '' : ` and ${formatCount(others.length)} more`;
    return text.replace('process \0', `process ${first}${more}`);
  });
}
