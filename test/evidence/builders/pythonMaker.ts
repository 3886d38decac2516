import type { Caught, MakerProcess } from '../../../src/evidence/creators/makers/frameReader.ts';
import type { Step } from '../../../src/evidence/creators/makers/makerStack.ts';
import type { TaskRecord } from '../../../src/evidence/creators/trace/record.ts';
import { RA, REGISTERS, RSP } from '../../../src/evidence/elf/unwindRule.ts';
import type { CreationNotes } from '../../../src/evidence/python/creations/creationNotes.ts';
import { readDebugOffsets } from '../../../src/evidence/python/debugOffsets.ts';
import { layoutOf } from '../../../src/evidence/python/knownLayouts.ts';
import type { PythonLayout } from '../../../src/evidence/python/layout.ts';
import type { PythonRuntime } from '../../../src/evidence/python/runtime.ts';
import type { KernelRoot } from '../../../src/procfs/root.ts';
import { processOf } from './program.ts';
import { debugOffsets } from './pythonDebug.ts';
import { PythonHeap, RUNTIME_AT, TYPES } from './pythonHeap.ts';

export const STACK_AT = 0x7ffc_0000_0000;
export const PID = 101;

/** The objects of a version, as it lays them out. */
export function heapOf(version: string): PythonHeap {
  const described = debugOffsets(13);
  const heap = new PythonHeap((layoutOf(version) ?? readDebugOffsets(described)) as PythonLayout);
  if (version === '3.13') heap.memory.write(RUNTIME_AT, described);
  return heap;
}

export const runtimeOf = ({ layout }: PythonHeap): PythonRuntime => ({
  address: RUNTIME_AT,
  layout,
  exported: (name) => TYPES[name as keyof typeof TYPES],
});

export function makerOf(heap: PythonHeap, root: KernelRoot, notes?: CreationNotes): MakerProcess {
  const native = processOf([], heap.memory);
  return { root, pid: PID, runtimes: ['python'], native, ...(notes === undefined ? {} : { notes }) };
}

/** One frame of C: its words from the stack pointer up, and the registers that it left to what it called. */
export interface FakeStep {
  readonly pc: number;
  readonly words: readonly number[];
  readonly registers?: Readonly<Record<number, number>>;
}

/** A record of a creation whose stack has these frames, the innermost first. */
export function caughtOf(frames: readonly FakeStep[], record: Partial<TaskRecord> = {}): Caught {
  const steps: Step[] = [];
  let sp = STACK_AT;
  for (const { pc, registers = {}, words } of frames) {
    const all = new Float64Array(REGISTERS).fill(Number.NaN);
    all[RSP] = sp;
    all[RA] = pc;
    for (const [number, value] of Object.entries(registers)) all[Number(number)] = value;
    steps.push({ pc, registers: all });
    sp += 8 * words.length;
  }
  const words = frames.flatMap((frame) => frame.words);
  const stack = Buffer.alloc(words.length * 8);
  for (const [index, word] of words.entries()) stack.writeBigUInt64LE(BigInt(word), index * 8);
  const readWord = (address: number): number | undefined => {
    const at = address - STACK_AT;
    return at >= 0 && at + 8 <= stack.length ? Number(stack.readBigUInt64LE(at)) : undefined;
  };
  const made: TaskRecord = {
    ...{ kind: 'task', atMs: 1_000, pid: PID, tid: PID, task: 202, isThread: true, name: 'python', weight: 1 },
    ...{ registers: steps[0]?.registers, stackStart: STACK_AT, stack },
    ...record,
  };
  return { record: made, steps, readWord };
}
