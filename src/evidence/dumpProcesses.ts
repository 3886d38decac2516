import type { TaskStack } from '../core/stack.ts';
import { formatCount } from '../core/units.ts';
import { jvmWaitKind } from '../core/wait.ts';
import { readShort } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { parseStatus, readStatus } from '../procfs/status.ts';
import { listThreads } from '../procfs/task.ts';
import { keepHeapSmall } from '../sys/heap.ts';
import type { Libc } from '../sys/libc.ts';
import { askJvm } from './dumpers/jvm.ts';
import { askBySignal } from './dumpers/jvmSignal.ts';
import { openNativeDumper, readTask } from './dumpers/native.ts';
import { askNode } from './dumpers/nodeReport.ts';
import { openPython, type Python, type PythonThreads } from './dumpers/python.ts';
import type { JvmThread } from './jvm/threadDump.ts';
import { ElfFiles } from './native/modules.ts';
import { type Pause, Stillness } from './stillness.ts';

const MOST_NOTES = 20;
/** When no more than this is left of the time, of the other tasks the names are read only. */
const HURRY_SHARE = 0.25;
/** Of the time: for what a process says itself; of one that says nothing the native stacks are read in the rest. */
const ANSWER_SHARE = 0.6;

/** The stacks of some processes, as far as they could be read. */
export interface Dump {
  /** Tasks that there were. */
  readonly found: number;
  /** Tasks whose stack was read, or that were on a processor; of the others there is at most the name. */
  readonly covered: number;
  readonly stacks: readonly TaskStack[];
  readonly tookMs: number;
  /** How long the target was stopped for it. */
  readonly stoppedMs: number;
  /** Runtimes that were recognised, with their versions where they say them. */
  readonly runtimes: readonly string[];
  /** What could not be seen, and why: sentences for people. */
  readonly notes: readonly string[];
  /** What a runtime itself printed, by file name. */
  readonly raw: readonly { readonly name: string; readonly text: string }[];
  /** The threads of each CPython process, to look at some of them again. */
  readonly python: ReadonlyMap<number, PythonThreads>;
}

export interface DumpOptions {
  readonly libc: Libc | undefined;
  readonly now: () => number;
  readonly timeoutMs: number;
  /** Where given, runtimes that can say more when they are sent a signal are sent one: a dump alone changes nothing. */
  readonly signals?: {
    /** Where the standard output of a JVM ends, when that is no file of its own. */
    readonly jvmOutput: string | undefined;
  };
  /** Where given, a target that is in the way of its own reading may be stopped with it. */
  readonly pause?: Pause;
}

/**
 * Where every thread of these processes is. All of it is read, here and now: nothing is stopped (but by `pause`), no
 * tool started, no thread made; after `timeoutMs` there is what there is.
 */
export function dumpProcesses(root: KernelRoot, pids: readonly number[], options: DumpOptions): Dump {
  keepHeapSmall();
  const startMs = options.now();
  const leftMs = (): number => options.timeoutMs - (options.now() - startMs);
  const isHurried = (): boolean => leftMs() < options.timeoutMs * HURRY_SHARE;
  const stacks: TaskStack[] = [];
  const seen = { runtimes: new Set<string>(), notes: new Set<string>(), raw: [] as Dump['raw'][number][] };
  const files = new ElfFiles();
  const stillness = new Stillness(options.pause, options.now);
  const python = new Map<number, PythonThreads>();
  let found = 0;
  for (const { pid, tids } of byThreads(root, pids)) {
    found += tids.length;
    if (leftMs() <= 0) continue;
    const native = isHurried() ? undefined : openNativeDumper(root, pid, files);
    try {
      const frames =
        native === undefined
          ? undefined
          : readRuntimes(root, pid, tids, native.process, { ...options, timeoutMs: leftMs() }, () => leftMs() > 0);
      if (frames?.python !== undefined) python.set(pid, frames.python.threads);
      for (const name of frames?.runtimes ?? []) seen.runtimes.add(name);
      for (const note of [...(frames?.notes ?? []), ...(native?.notes ?? [])]) seen.notes.add(note);
      seen.raw.push(...(frames?.raw ?? []));
      for (const tid of tids) {
        if (leftMs() <= 0) break;
        const known = frames?.of(tid);
        const canUnwind = native !== undefined && (known !== undefined || !isHurried());
        const stack = canUnwind ? native.dump(tid, known === undefined) : readTask(root, pid, tid);
        if (stack !== undefined) stacks.push(known === undefined ? stack : { ...stack, ...known, isWhole: true });
        stillness.tick(pid);
      }
    } finally {
      stillness.end();
      native?.close();
    }
  }
  files.close();
  if (stacks.length < found) {
    seen.notes.add(
      `${formatCount(found - stacks.length)} tasks ended while they were read, or there was no more time for them`,
    );
  }
  const covered = stacks.filter(({ frames, wait }) => frames.length > 0 || wait === 'running').length;
  return {
    found,
    covered,
    stacks,
    tookMs: options.now() - startMs,
    stoppedMs: stillness.stoppedMs,
    runtimes: [...seen.runtimes],
    notes: [...seen.notes].slice(0, MOST_NOTES),
    raw: seen.raw,
    python,
  };
}

/** The processes with the most threads first: they are the ones that are asked about. */
function byThreads(root: KernelRoot, pids: readonly number[]): { pid: number; tids: readonly number[] }[] {
  return pids.map((pid) => ({ pid, tids: listThreads(root, pid) })).sort((a, b) => b.tids.length - a.tids.length);
}

interface RuntimeFrames {
  readonly runtimes: readonly string[];
  readonly notes: readonly string[];
  readonly raw: readonly { readonly name: string; readonly text: string }[];
  readonly python: Python | undefined;
  of(tid: number): Partial<TaskStack> | undefined;
}

/** What the runtimes inside a process say of its threads; one that fails is told, and the native stacks stand. */
function readRuntimes(
  root: KernelRoot,
  pid: number,
  tids: readonly number[],
  native: ReturnType<typeof openNativeDumper>['process'],
  { libc, now, signals, timeoutMs }: DumpOptions,
  goesOn: () => boolean,
): RuntimeFrames {
  const runtimes: string[] = [];
  const notes: string[] = [];
  const raw: { name: string; text: string }[] = [];
  const paths = native?.modules.all().map(({ path }) => path.slice(path.lastIndexOf('/') + 1)) ?? [];
  const node =
    signals !== undefined && isNode(paths)
      ? askNode(root, pid, { now, timeoutMs: timeoutMs * ANSWER_SHARE })
      : undefined;
  if (node !== undefined) {
    notes.push(...node.notes);
    if (node.text !== '') raw.push({ name: `node-report-${pid}.json`, text: node.text });
  }
  const python =
    native !== undefined && paths.some((path) => /python/i.test(path))
      ? openPython(native.memory, native.modules, new Set(tids), goesOn)
      : undefined;
  if (native?.modules.all().some(({ go }) => go() !== undefined)) runtimes.push('Go');
  if (python !== undefined) runtimes.push(`CPython ${python.version}`);
  let jvm: ReadonlyMap<number, JvmThread> = new Map();
  if (paths.includes('libjvm.so')) {
    runtimes.push('JVM');
    const startMs = now();
    let answer = askJvm(root, pid, libc, timeoutMs);
    if (answer.kind === 'none' && signals !== undefined) {
      const leftMs = (timeoutMs - (now() - startMs)) * ANSWER_SHARE;
      const said = askBySignal(root, pid, { file: signals.jvmOutput, now, timeoutMs: leftMs });
      answer = said.kind === 'none' ? { kind: 'none', why: `${answer.why}; ${said.why}` } : said;
    }
    if (answer.kind === 'dump') {
      jvm = byTid(root, pid, tids, answer.dump.threads);
      raw.push({ name: `threads-${pid}.txt`, text: answer.text });
      if (!answer.dump.isWhole) notes.push(`the JVM of process ${pid} did not finish its dump in time`);
    } else notes.push(`no Java stacks of process ${pid}: ${answer.why}`);
  }
  return {
    runtimes,
    notes,
    raw,
    python,
    of: (tid) => {
      const thread = jvm.get(tid);
      if (thread !== undefined && thread.frames.length > 0) {
        const wait = jvmWaitKind(thread.state);
        return { runtime: 'jvm', frames: thread.frames, label: thread.name, ...(wait === undefined ? {} : { wait }) };
      }
      const { frames = [], label } = python?.stackOf(tid) ?? {};
      if (frames.length === 0) return undefined;
      return { runtime: 'python', frames, ...(label === undefined ? {} : { label }) };
    },
  };
}

function isNode(modules: readonly string[]): boolean {
  return modules.some((name) => /^(node|nodejs|libnode\.so.*)$/.test(name));
}

/** A JVM in a container names its threads as that container does. */
function byTid(
  root: KernelRoot,
  pid: number,
  tids: readonly number[],
  threads: readonly JvmThread[],
): ReadonlyMap<number, JvmThread> {
  const byNid = new Map(threads.map((thread) => [thread.nid, thread]));
  if ((readStatus(root, pid)?.nsPids.length ?? 1) <= 1) return byNid;
  const byOuter = new Map<number, JvmThread>();
  for (const tid of tids) {
    const inner = parseStatus(readShort(root.proc(pid, 'task', tid, 'status')) ?? '')?.nsPids.at(-1);
    const thread = inner === undefined ? undefined : byNid.get(inner);
    if (thread !== undefined) byOuter.set(tid, thread);
  }
  return byOuter;
}
