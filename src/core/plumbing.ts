import { RUNTIMES, type StackSource } from './runtimes.ts';
import type { Frame } from './stack.ts';

/** Libraries of the system and of compilers, beside those that a runtime is made of. */
const SYSTEM_LIBRARIES = /^(libc|libpthread|libm|libstdc\+\+|libgcc_s|ld-linux|ld-musl)([-.\d][\w.-]*)?\.so|^\[vdso\]$/;
const TRAITS = Object.values(RUNTIMES);

/** Whether a frame is plumbing: code of the system or of a runtime, not of the program. */
export function isPlumbing(frame: Frame, runtime: StackSource): boolean {
  const { plumbing, plumbingFiles } = RUNTIMES[runtime];
  if (plumbing?.test(frame.function) === true) return true;
  if (frame.file !== undefined && plumbingFiles?.test(frame.file) === true) return true;
  return frame.module !== undefined && isRuntimeModule(frame.module);
}

/** The frame of the program nearest to the leaf; `undefined` if all is plumbing. */
export function siteOf(frames: readonly Frame[], runtime: StackSource): Frame | undefined {
  return frames.find((frame) => !isPlumbing(frame, runtime));
}

/** Executors: the threads that they make come from whoever gave them work. That is another bug than a thread made by hand. */
const EXECUTORS: readonly (readonly [RegExp, string])[] = [
  [/ThreadPoolExecutor\.(addWorker|execute|submit|_adjust_thread_count)/, 'ThreadPoolExecutor'],
  // CPython to 3.10 has no qualified names.
  [/^_adjust_thread_count$/, 'ThreadPoolExecutor'],
  [/^(ProcessPoolExecutor\.)?_(adjust_process_count|launch_processes|spawn_process)$/, 'ProcessPoolExecutor'],
  [/ForkJoinPool\./, 'ForkJoinPool'],
  [/CompletableFuture\.\w*[aA]sync/, 'CompletableFuture'],
  [/ScheduledThreadPoolExecutor/, 'ScheduledThreadPoolExecutor'],
  [/multiprocessing\/pool|ThreadPool\b/, 'ThreadPool'],
  [/tokio::runtime/, 'the tokio runtime'],
  [/std::async|std::__future_base/, 'std::async'],
];

/** The executor that made the thread, if one is on the stack. */
export function executorOf(frames: readonly Frame[]): string | undefined {
  for (const frame of frames) {
    const found = EXECUTORS.find(([pattern]) => pattern.test(frame.function) || pattern.test(frame.file ?? ''));
    if (found !== undefined) return found[1];
  }
  return undefined;
}

/** A native frame inside `libjvm.so` or `node` belongs to the runtime, whoever called it. */
function isRuntimeModule(module: string): boolean {
  return (
    SYSTEM_LIBRARIES.test(module) ||
    TRAITS.some(({ executable, library }) => executable?.test(module) === true || library?.test(module) === true)
  );
}
