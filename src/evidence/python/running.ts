import type { KernelRoot } from '../../procfs/root.ts';
import { type SampledProcess, withNative } from '../creators/sampledProcess.ts';
import { type PythonThreads, reopenPython } from './interpreter.ts';

/** A CPython process that is looked at while it runs; its threads are where they were. `undefined` if it cannot be read. */
export function openRunningPython(root: KernelRoot, pid: number, threads: PythonThreads): SampledProcess | undefined {
  return withNative(root, pid, ({ memory, modules }) => {
    const python = reopenPython(memory, modules, threads);
    return python === undefined ? undefined : { stackOf: (tid) => python.steadyStackOf(tid)?.frames };
  });
}
