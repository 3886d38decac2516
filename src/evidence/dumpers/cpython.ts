import { sampleByLooks } from '../creators/looks.ts';
import { openPython } from '../python/interpreter.ts';
import { openRunningPython } from '../python/running.ts';
import type { Dumper } from './dumper.ts';

/** CPython: the interpreter's own frames, read from its memory. */
export const cpythonDumper: Dumper = {
  name: 'CPython',
  runtime: 'python',
  matches: ({ native, runtimes }) => native !== undefined && runtimes.includes('python'),
  dump: ({ native, pid, root, tids }, { endMs, now }) => {
    if (native === undefined) return {};
    const python = openPython(native.memory, native.modules, new Set(tids), () => now() < endMs);
    if (python === undefined) {
      return { why: now() < endMs ? 'it runs no interpreter that is known (3.8 to 3.13)' : 'there was no time left' };
    }
    const { threads, version } = python;
    return {
      runtime: `CPython ${version}`,
      stackOf: ({ task }) => {
        const { frames, label } = python.stackOf(task.tid);
        if (frames.length === 0) return undefined;
        return { runtime: 'python', frames, isWhole: true, ...(label === undefined ? {} : { label }) };
      },
      creators: {
        sample: (search) => sampleByLooks((limits) => openRunningPython(root, pid, threads, limits), pid, search),
      },
    };
  },
};
