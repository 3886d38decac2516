import type { Caught, MakerProcess } from '../../../src/evidence/creators/makers/frameReader.ts';
import { ShellHeap } from '../../../src/evidence/shell/shellHeap.ts';
import { kernelRoot } from '../../../src/procfs/root.ts';
import type { FakeMemory } from './fakeMemory.ts';
import { registersAt, taskRecord } from './perfRecords.ts';
import { processOf } from './program.ts';
import { SHELL_HEAP } from './shellTrees.ts';

export const SHELL = '/usr/bin/dash';
export const SHELL_SP = 0x7ffc_0000_0000;
export const SHELL_PID = 700;
const BASE = 0x5500_0000_0000;

export const heapOf = (memory: FakeMemory): ShellHeap =>
  new ShellHeap(
    memory.open(),
    [
      {
        start: SHELL_HEAP,
        end: SHELL_HEAP + 0x21000,
        perms: 'rw-p',
        offset: 0,
        device: '0:0',
        inode: 0,
        path: '[heap]',
      },
    ],
    SHELL,
  );

/** A maker of this memory. `dir` has its `proc`. */
export const shellProcess = (memory: FakeMemory, dir: string): MakerProcess => ({
  root: kernelRoot(dir),
  pid: SHELL_PID,
  runtimes: ['shell'],
  native: processOf([{ path: SHELL, image: Buffer.alloc(0), base: BASE }], memory),
});

/** One frame of the shell, with rbx, and words on the stack; they are on it still. */
export function shellCaught(memory: FakeMemory, rbx: number, words: readonly number[], task = 701): Caught {
  const stack = Buffer.alloc(8 * words.length);
  for (const [index, word] of words.entries()) stack.writeBigUInt64LE(BigInt(word), 8 * index);
  memory.write(SHELL_SP, stack);
  const registers = registersAt({ 3: rbx, 7: SHELL_SP, 16: BASE + 0x1010 });
  const record = taskRecord({ pid: SHELL_PID, task, isThread: false, registers, stack, stackStart: SHELL_SP });
  return { record, steps: [{ pc: BASE + 0x1010, registers }], readWord: () => undefined };
}
