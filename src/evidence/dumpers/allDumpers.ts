import type { StackSource } from '../../core/runtimes.ts';
import { cpythonDumper } from './cpython.ts';
import type { Dumper } from './dumper.ts';
import { goDumper } from './golang.ts';
import { jvmAttachDumper, jvmSignalDumper } from './jvm.ts';
import { nativeDumper } from './native.ts';
import { nodeDumper } from './nodeReport.ts';
import { rubyDumper } from './rubyNames.ts';

/**
 * Every dumper, by its runtime. They are asked in this order; of several for one runtime the next is asked only if the
 * one before it knew no stacks. The first stack that is known of a thread counts, so native code comes last.
 */
export const DUMPERS: Readonly<Record<StackSource, readonly Dumper[]>> = {
  jvm: [jvmAttachDumper, jvmSignalDumper],
  node: [nodeDumper],
  python: [cpythonDumper],
  ruby: [rubyDumper],
  php: [],
  perl: [],
  shell: [],
  go: [goDumper],
  native: [nativeDumper],
  // What every thread has is read in any case.
  name: [],
};
