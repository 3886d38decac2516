/** What a program or its runtime printed when the kernel refused something. */
export interface RefusalMessage {
  readonly runtime: string;
  /** What it wanted one more of. `any`: the words fit several things. */
  readonly wanted: 'thread' | 'process' | 'map' | 'any';
  /** The errno, where the words leave only one. */
  readonly errno: 'EAGAIN' | 'ENOMEM' | undefined;
  readonly text: string;
}

interface Pattern {
  readonly runtime: string;
  readonly wanted: RefusalMessage['wanted'];
  readonly errno?: 'EAGAIN' | 'ENOMEM';
  readonly match: RegExp;
  /** Words that must stand behind it. Not `A.*B` in one expression: of many `A` each would look through all of the line. */
  readonly after?: RegExp;
}

/** The texts of the runtimes (JVM 17, Python 3.11, Go 1.19, Node 20, glibc, shells). The first one that fits counts. */
const PATTERNS: readonly Pattern[] = [
  { runtime: 'jvm', wanted: 'thread', match: /unable to create (new )?native thread/ },
  { runtime: 'jvm', wanted: 'thread', errno: 'EAGAIN', match: /pthread_create failed \(EAGAIN\)/ },
  { runtime: 'jvm', wanted: 'map', errno: 'ENOMEM', match: /os::commit_memory/, after: /errno=12|Not enough space/ },
  { runtime: 'jvm', wanted: 'map', errno: 'ENOMEM', match: /Native memory allocation \(mmap\) failed to map/ },
  { runtime: 'python', wanted: 'thread', match: /can't start new thread/ },
  { runtime: 'python', wanted: 'process', errno: 'EAGAIN', match: /BlockingIOError: \[Errno 11\]/ },
  { runtime: 'python', wanted: 'any', errno: 'ENOMEM', match: /OSError: \[Errno 12\]|^MemoryError/ },
  { runtime: 'go', wanted: 'thread', errno: 'EAGAIN', match: /failed to create new OS thread /, after: /errno=11/ },
  { runtime: 'go', wanted: 'thread', match: /fatal error: newosproc|program exceeds \d+-thread limit/ },
  { runtime: 'go', wanted: 'map', errno: 'ENOMEM', match: /runtime: cannot allocate memory|runtime: out of memory/ },
  { runtime: 'node', wanted: 'process', errno: 'EAGAIN', match: /spawn\S{0,64} \S{0,4096}\s{0,8}EAGAIN|errno: -11/ },
  { runtime: 'node', wanted: 'thread', match: /ERR_WORKER_INIT_FAILED/ },
  { runtime: 'node', wanted: 'thread', errno: 'EAGAIN', match: /node\[\d+\]: pthread_create: Resource temporarily/ },
  {
    runtime: 'ruby',
    wanted: 'thread',
    errno: 'EAGAIN',
    match: /can't create Thread: Resource temporarily unavailable/,
  },
  {
    runtime: 'shell',
    wanted: 'process',
    errno: 'EAGAIN',
    match: /fork: (retry: )?Resource temporarily/,
  },
  { runtime: 'shell', wanted: 'process', errno: 'EAGAIN', match: /[Cc]annot fork/, after: /Resource temporarily/ },
  { runtime: 'shell', wanted: 'process', errno: 'ENOMEM', match: /fork: (retry: )?Cannot allocate memory/ },
  { runtime: 'shell', wanted: 'process', match: /[Cc]annot fork|fork system call failed/ },
  {
    runtime: 'native',
    wanted: 'thread',
    errno: 'EAGAIN',
    match: /pthread_create/,
    after: /EAGAIN|Resource temporarily/,
  },
  { runtime: 'native', wanted: 'map', errno: 'ENOMEM', match: /mmap|mprotect/, after: /ENOMEM|Cannot allocate memory/ },
  { runtime: 'native', wanted: 'any', errno: 'EAGAIN', match: /Resource temporarily unavailable|\bEAGAIN\b/ },
  { runtime: 'native', wanted: 'any', errno: 'ENOMEM', match: /Cannot allocate memory|\bENOMEM\b/ },
];

/** What one line says about a refusal; `undefined` when it says nothing. The text is cut after 200 characters. */
export function readMessage(line: string): RefusalMessage | undefined {
  const pattern = PATTERNS.find((one) => fits(one, line));
  if (pattern === undefined) return undefined;
  const { runtime, wanted, errno } = pattern;
  return { runtime, wanted, errno, text: line.trim().slice(0, 200) };
}

/** What stands behind the first match stands behind every other one, so the first is enough. */
function fits({ after, match }: Pattern, line: string): boolean {
  if (after === undefined) return match.test(line);
  const found = match.exec(line);
  return found !== null && after.test(line.slice(found.index + found[0].length));
}

/**
 * `cgroup: fork rejected by pids controller in /a/b`. The path is that of the cgroup that forked, not of the limit. The
 * kernel prints it once for each cgroup.
 */
export function readKernelLine(line: string): { readonly forkingCgroup: string } | undefined {
  const match = /cgroup: fork rejected by pids controller in (\S+)/.exec(line);
  return match === null ? undefined : { forkingCgroup: match[1] as string };
}
