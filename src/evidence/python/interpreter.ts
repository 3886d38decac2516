import type { MemoryWindow } from '../native/memoryWindow.ts';
import type { Modules } from '../native/modules.ts';
import type { Memory } from '../native/processMemory.ts';
import { FrameReader, type PythonStack } from './frames.ts';
import type { PythonLayout } from './layout.ts';
import { findRuntime } from './runtime.ts';

const MOST_INTERPRETERS = 64;
const MOST_THREADS = 200_000;
/** Where `struct pthread` has the id of the thread: glibc on x86-64 and arm64, and musl. */
const TID_IN_PTHREAD = [0x2d0, 0xd0, 0x30];

const NO_STACK: PythonStack = { frames: [], label: undefined };

/** Where the interpreter keeps the state of each thread, by the kernel's id. */
export type PythonThreads = ReadonlyMap<number, number>;

/** The interpreter that was found in a process. */
export interface Python {
  readonly version: string;
  readonly threads: PythonThreads;
  /** The frames of a thread as they are now, the leaf first; none for a thread that the interpreter does not know. */
  stackOf(tid: number): PythonStack;
  /** The same for a thread that is at work; `undefined` if it moved on too fast to be sure. */
  steadyStackOf(tid: number): PythonStack | undefined;
}

/**
 * Finds the threads of a CPython process by walking through its memory. The process runs nothing for that, so it works on
 * one that is stopped, frozen or at its limits. `undefined` if there is no interpreter of a version that is known, or
 * none of its threads is among `tids`. `goesOn` is asked before each thread: a list of 10,000 is long.
 */
export function openPython(
  memory: Memory,
  modules: Modules,
  tids: ReadonlySet<number>,
  goesOn: () => boolean = () => true,
): Python | undefined {
  const found = findRuntime(memory, modules);
  if (found === undefined) return undefined;
  const { address: runtime, layout } = found;
  const window = memory.window(0, 256);
  const threads = new Map<number, number>();
  let interpreter = window.readWord(runtime + layout.runtime.interpretersHead);
  for (let count = 0; interpreter && count < MOST_INTERPRETERS; count += 1) {
    let thread = window.readWord(interpreter + layout.interpreter.threadsHead);
    for (let seen = 0; thread && seen < MOST_THREADS && goesOn(); seen += 1) {
      const tid = nativeId(window, thread, layout, tids);
      if (tid !== undefined) threads.set(tid, thread);
      thread = window.readWord(thread + layout.thread.next);
    }
    interpreter = window.readWord(interpreter + layout.interpreter.next);
  }
  return threads.size === 0 ? undefined : pythonOf(memory, layout, threads);
}

/** The same interpreter once more. Its threads are where they were. */
export function reopenPython(memory: Memory, modules: Modules, threads: PythonThreads): Python | undefined {
  const found = findRuntime(memory, modules);
  return found === undefined ? undefined : pythonOf(memory, found.layout, threads);
}

function pythonOf(memory: Memory, layout: PythonLayout, threads: PythonThreads): Python {
  const reader = new FrameReader(memory, layout);
  const window = memory.window(0, 256);
  return {
    version: layout.version,
    threads,
    stackOf: (tid) => {
      const thread = threads.get(tid);
      window.refresh();
      return thread === undefined ? NO_STACK : reader.stackOf(window, thread);
    },
    steadyStackOf: (tid) => {
      const thread = threads.get(tid);
      return thread === undefined ? undefined : reader.steadyStackOf(window, thread);
    },
  };
}

function nativeId(
  window: MemoryWindow,
  thread: number,
  { thread: at }: PythonLayout,
  tids: ReadonlySet<number>,
): number | undefined {
  if (at.nativeThreadId !== undefined) {
    const tid = window.readWord(thread + at.nativeThreadId);
    return tid !== undefined && tids.has(tid) ? tid : undefined;
  }
  const pthread = window.readWord(thread + at.threadId);
  if (pthread === undefined) return undefined;
  return TID_IN_PTHREAD.map((offset) => window.readInt32(pthread + offset)).find(
    (tid) => tid !== undefined && tids.has(tid),
  );
}
