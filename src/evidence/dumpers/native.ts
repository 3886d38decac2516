import type { Frame, TaskStack } from '../../core/stack.ts';
import { waitKind } from '../../core/wait.ts';
import { readShort } from '../../procfs/read.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { parseStat } from '../../procfs/stat.ts';
import { readPlace } from '../../procfs/syscall.ts';
import type { ElfFiles } from '../native/modules.ts';
import { type NativeProcess, openNativeProcess } from '../native/nativeProcess.ts';
import { unwind } from '../native/unwind.ts';
import { StackTrie } from '../stackTrie.ts';

const NO_FRAMES: readonly Frame[] = [];

/** What a thread is called and waits for, without its stack: a third of the time. `undefined` when it is gone. */
export function readTask(root: KernelRoot, pid: number, tid: number): TaskStack | undefined {
  const stat = parseStat(readShort(root.proc(pid, 'task', tid, 'stat')) ?? '');
  if (stat === undefined) return undefined;
  return {
    pid,
    tid,
    name: stat.name,
    wait: waitKind({ state: stat.state }),
    runtime: 'name',
    frames: NO_FRAMES,
    isWhole: false,
    cpuTicks: stat.cpuTicks,
    startTime: stat.startTime,
  };
}

/** Stacks of threads of one process by their ELF files. What a thread is called, and waits for, is read in any case. */
export interface NativeDumper {
  /** The process for other dumpers; `undefined` where its memory may not be read, or is not understood. */
  readonly process: NativeProcess | undefined;
  /** What cannot be seen, and why. */
  readonly notes: readonly string[];
  /** One thread; `undefined` when it is gone. Without its stack where somebody else has told it. */
  dump(tid: number, needsStack: boolean): TaskStack | undefined;
  close(): void;
}

export function openNativeDumper(root: KernelRoot, pid: number, files: ElfFiles): NativeDumper {
  const native = openNativeProcess(root, pid, files);
  const canUnwind = process.arch === 'x64';
  const stacks = new StackTrie<number>();
  return {
    process: native,
    notes: notesOn(native, canUnwind, pid),
    dump: (tid, needsStack) => {
      const stat = parseStat(readShort(root.proc(pid, 'task', tid, 'stat')) ?? '');
      if (stat === undefined) return undefined;
      const place = readPlace(root, pid, tid);
      const standing = place === 'running' ? undefined : place;
      const channel =
        standing === undefined && place !== 'running' ? readShort(root.proc(pid, 'task', tid, 'wchan')) : undefined;
      const wait = waitKind({
        state: place === 'running' ? 'R' : stat.state,
        call: standing === undefined ? undefined : { number: standing.call, args: standing.args },
        channel,
      });
      const base = { pid, tid, name: stat.name, wait, cpuTicks: stat.cpuTicks, startTime: stat.startTime };
      if (native === undefined || standing === undefined || !canUnwind || !needsStack) {
        return { ...base, runtime: 'name', frames: NO_FRAMES, isWhole: false };
      }
      native.refresh();
      const { pcs, isWhole } = unwind(standing, native.source);
      const frames = stacks.framesOf(pcs, () =>
        nameBottom(
          pcs.map((pc, index) => native.frameAt(pc, index > 0)),
          isWhole,
        ),
      );
      return { ...base, runtime: frames.some(isGo) ? 'go' : 'native', frames, isWhole };
    },
    close: () => native?.close(),
  };
}

function notesOn(native: NativeProcess | undefined, canUnwind: boolean, pid: number): string[] {
  if (native === undefined) {
    return [`no stacks of process ${pid}: they may be read by its own user or with CAP_SYS_PTRACE only`];
  }
  return canUnwind ? [] : [`native stacks are not supported on ${process.arch}: names and waits only`];
}

/** Of native code only Go's own table knows files. */
function isGo({ file }: Frame): boolean {
  return file !== undefined;
}

/** A stripped C library names no function that it does not export, and these two begin every thread of glibc. */
function nameBottom(frames: Frame[], isWhole: boolean): Frame[] {
  const isUnnamed = (frame: Frame | undefined): frame is Frame =>
    frame?.module?.startsWith('libc.so') === true && frame.function.startsWith(frame.module);
  const [body, bottom] = frames.slice(-2);
  if (!isWhole || !isUnnamed(body) || !isUnnamed(bottom)) return frames;
  return [...frames.slice(0, -2), { ...body, function: 'start_thread' }, { ...bottom, function: 'clone3' }];
}
