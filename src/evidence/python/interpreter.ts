import type { Modules } from '../native/modules.ts';
import type { Memory, MemoryWindow } from '../native/processMemory.ts';
import { FrameReader, type PythonStack } from './frames.ts';
import { DEBUG_OFFSETS_BYTES, layoutOf, type PythonLayout, readDebugOffsets } from './layout.ts';

const MOST_INTERPRETERS = 64;
const MOST_THREADS = 200_000;
/** Of `struct pthread`: glibc's field `tid` on x86-64 and arm64, and musl's. */
const TID_IN_PTHREAD = [0x2d0, 0xd0, 0x30];

const NO_STACK: PythonStack = { frames: [], label: undefined };

/** Addresses of thread states by the kernel's ids. */
export type PythonThreads = ReadonlyMap<number, number>;

/** An interpreter that was found in a process. */
export interface Python {
  readonly version: string;
  /** Where the interpreter keeps each thread, by the kernel's id. */
  readonly threads: PythonThreads;
  /** Frames of a thread as they are now, the leaf first; none for a thread that is not its own. */
  stackOf(tid: number): PythonStack;
  /** The same of a thread that is at work; `undefined` when it moved on too fast to be sure. */
  steadyStackOf(tid: number): PythonStack | undefined;
}

/**
 * Walks the interpreters of a CPython process through its memory: nothing of it runs for that, so it works on one that
 * is stopped, frozen or at its limits. `undefined` when there is no interpreter that is known. `goesOn` is asked before
 * each thread of the list: that of 10,000 is long.
 */
export function openPython(
  memory: Memory,
  modules: Modules,
  tids: ReadonlySet<number>,
  goesOn: () => boolean = () => true,
): Python | undefined {
  const found = findRuntime(memory, modules);
  if (found === undefined) return undefined;
  const { layout, runtime } = found;
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

/** The same interpreter once more: its threads are where they were. */
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

function findRuntime(memory: Memory, modules: Modules): { runtime: number; layout: PythonLayout } | undefined {
  for (const { bias, path, symbols } of modules.all()) {
    if (!/python/i.test(path.slice(path.lastIndexOf('/') + 1))) continue;
    const address = symbols().addressOf('_PyRuntime');
    if (address === undefined) continue;
    const runtime = address + bias;
    const head = memory.read(runtime, DEBUG_OFFSETS_BYTES);
    const described = head === undefined ? undefined : readDebugOffsets(head);
    const layout = described ?? layoutOf(/python(3\.\d+)/.exec(path)?.[1] ?? '');
    if (layout !== undefined) return { runtime, layout };
  }
  return undefined;
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
