import type { KernelRoot } from '../../procfs/root.ts';
import { type SampledProcess, withNative } from '../creators/sampledProcess.ts';
import type { ReadLimits } from '../elf/readLimits.ts';
import { type PythonThreads, reopenPython } from './interpreter.ts';

/** A CPython process that is looked at while it runs; its threads are where they were. `undefined` if it cannot be read. */
export function openRunningPython(
  root: KernelRoot,
  pid: number,
  threads: PythonThreads,
  limits: ReadLimits,
): SampledProcess | undefined {
  return withNative(root, pid, limits, ({ memory, modules }) => {
    const python = reopenPython(memory, modules, threads);
    return python === undefined ? undefined : { stackOf: (tid) => python.steadyStackOf(tid)?.frames };
  });
}
