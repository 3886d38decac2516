import type { Frame, StackSource } from './stack.ts';

/** Frames that are nobody's own code: what waits, what makes threads, what runs them. */
const FUNCTIONS: Readonly<Partial<Record<StackSource, RegExp>>> = {
  native:
    /^(__|_start$|start_thread$|clone3?$|main$|pthread_|nanosleep|clock_nanosleep|usleep$|sleep$|pause$|read$|recv|poll$|select$|epoll_|accept|futex|syscall$|std::(?!thread::_State_impl)|core::|alloc::|<std::thread|gsignal|tokio::runtime)/,
  jvm: /^(java|javax|jdk|sun|com\.sun)\./,
  go: /^(runtime|sync|syscall|time|net|internal|os|io|bufio|poll)[./]/,
  python: /^<frozen /,
  node: /^(node:|v8::|uv_|node::|\[generated code\]$)/,
  ruby: /^$/,
};

/** Files of a language's own library, and executables and libraries that are a runtime and not a program. */
const FILES = /(^|\/)lib(64)?\/python3(\.\d+)?\/(?!(site|dist)-packages)|^<frozen |^node:/;
const MODULES =
  /^(libc|libpthread|libm|libstdc\+\+|libgcc_s|libjvm|libnode|libruby|libpython3|ld-linux|ld-musl)([-.\d][\w.-]*)?\.so|^(node|ruby|java|python[\d.]*)$|^\[vdso\]$/;

/** Whether a frame is plumbing, not the code of the program. */
export function isPlumbing(frame: Frame, runtime: StackSource): boolean {
  if (FUNCTIONS[runtime]?.test(frame.function) === true) return true;
  if (frame.file !== undefined && FILES.test(frame.file)) return true;
  return frame.module !== undefined && MODULES.test(frame.module);
}

/** The frame of the program nearest to the leaf; `undefined` where all is plumbing. */
export function siteOf(frames: readonly Frame[], runtime: StackSource): Frame | undefined {
  return frames.find((frame) => !isPlumbing(frame, runtime));
}

/** Executors: threads that they make come from whoever gave them work, which is another bug than making one by hand. */
const EXECUTORS: readonly (readonly [RegExp, string])[] = [
  [/ThreadPoolExecutor\.(addWorker|execute|submit|_adjust_thread_count)/, 'ThreadPoolExecutor'],
  [/ForkJoinPool\./, 'ForkJoinPool'],
  [/CompletableFuture\.\w*[aA]sync/, 'CompletableFuture'],
  [/ScheduledThreadPoolExecutor/, 'ScheduledThreadPoolExecutor'],
  [/multiprocessing\/pool|ThreadPool\b/, 'ThreadPool'],
  [/tokio::runtime/, 'the tokio runtime'],
  [/std::async|std::__future_base/, 'std::async'],
];

/** The executor that made the thread, when one is on the stack. */
export function executorOf(frames: readonly Frame[]): string | undefined {
  for (const frame of frames) {
    const found = EXECUTORS.find(([pattern]) => pattern.test(frame.function) || pattern.test(frame.file ?? ''));
    if (found !== undefined) return found[1];
  }
  return undefined;
}
