import type { Frame } from '../../core/stack.ts';
import { readShort } from '../../procfs/read.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { readPlace } from '../../procfs/syscall.ts';
import { listThreads } from '../../procfs/task.ts';
import type { ReadLimits } from '../elf/readLimits.ts';
import { ElfFiles } from '../native/elfFiles.ts';
import { type NativeProcess, openNativeProcess } from '../native/nativeProcess.ts';
import { unwind } from '../native/unwind.ts';

/** All that the search for creators asks of a process. A fake of it drives every loop of the search in tests. */
export interface SampledProcess {
  threads(): readonly number[];
  /** Nanoseconds that a thread has spent on a processor so far; 0 when it is gone. */
  ranNs(tid: number): number;
  /**
   * Where a thread is now. `'running'` while it is on a processor, where its stack cannot be read; `undefined` when it is
   * gone, or moved on too fast to be sure.
   */
  stackOf(tid: number): readonly Frame[] | 'running' | undefined;
  close(): void;
}

/** Opens it; what its files may cost is limited. */
export type OpenSampled = (limits: ReadLimits) => SampledProcess | undefined;

/** A process by its native stacks; `undefined` if they cannot be read. */
export function openSampledProcess(root: KernelRoot, pid: number, limits: ReadLimits): SampledProcess | undefined {
  return withNative(root, pid, limits, (native) => ({
    stackOf: (tid) => {
      const place = readPlace(root, pid, tid);
      if (place === undefined || place === 'running') return place;
      native.refresh();
      return unwind(place, native.source).pcs.map((pc, index) => native.frameAt(pc, index > 0));
    },
  }));
}

/** A process whose memory is read. `read` says how its stacks are found there; `undefined` if it finds none. */
export function withNative(
  root: KernelRoot,
  pid: number,
  limits: ReadLimits,
  read: (native: NativeProcess) => Pick<SampledProcess, 'stackOf'> | undefined,
): SampledProcess | undefined {
  const files = new ElfFiles(limits);
  const native = openNativeProcess(root, pid, files);
  const stacks = native === undefined ? undefined : read(native);
  const close = (): void => {
    native?.close();
    files.close();
  };
  if (stacks === undefined) {
    close();
    return undefined;
  }
  return { ...stacks, threads: () => listThreads(root, pid), ranNs: (tid) => readRanNs(root, pid, tid), close };
}

/** The first number of `/proc/PID/task/TID/schedstat`: `4038129 81210 17`. */
function readRanNs(root: KernelRoot, pid: number, tid: number): number {
  const ns = Number.parseInt(readShort(root.proc(pid, 'task', tid, 'schedstat')) ?? '', 10);
  return Number.isNaN(ns) ? 0 : ns;
}
