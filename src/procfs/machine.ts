import { closeSync, openSync, readSync } from 'node:fs';
import type { CallList } from '../core/systemCalls.ts';
import type { KernelRoot } from './root.ts';

/** What code a process is made of. */
export type Machine = CallList | 'other';

const HEADER_BYTES = 20;
/** e_machine, and the class of the file: 1 for 32 bits, 2 for 64 (elf(5)). */
const MACHINES: Readonly<Record<string, CallList>> = { '3/1': 'i386', '62/2': 'x64', '183/2': 'arm64' };
const OWN: Readonly<Record<string, CallList>> = { x64: 'x64', arm64: 'arm64', ia32: 'i386' };

/**
 * By the head of the executable that a process runs. Where that may not be read: what this program is made of, as nearly
 * every process of the machine is.
 */
export function readMachine(root: KernelRoot, pid: number): Machine {
  const head = readHead(root.proc(pid, 'exe'));
  if (head === undefined) return OWN[process.arch] ?? 'other';
  return MACHINES[`${head.readUInt16LE(18)}/${head[4]}`] ?? 'other';
}

function readHead(path: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const head = Buffer.alloc(HEADER_BYTES);
    const isElf = readSync(fd, head, 0, HEADER_BYTES, 0) === HEADER_BYTES && head.readUInt32BE(0) === 0x7f454c46;
    return isElf ? head : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
