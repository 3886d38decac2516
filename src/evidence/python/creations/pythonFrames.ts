import type { FrameReaderKind } from '../../creators/makers/frameReader.ts';
import { findRuntime } from '../runtime.ts';
import { HeapFrames } from './heapFrames.ts';
import { openStackFrames } from './stackFrames.ts';

/** CPython. To 3.10 its frames are read from the copied stack, from 3.11 on they lie on the heap. */
export const pythonFrames: FrameReaderKind = {
  runtime: 'python',
  isEarly: true,
  open: (process) => {
    const runtime = findRuntime(process.native.memory, process.native.modules);
    if (runtime === undefined) return undefined;
    // Only from 3.11 on the code object has its instructions in itself.
    return runtime.layout.code.instructions === undefined
      ? openStackFrames(process, runtime)
      : new HeapFrames(process, runtime);
  },
};
