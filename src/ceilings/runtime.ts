import { closeSync, openSync, readlinkSync, readSync } from 'node:fs';
import type { Runtime } from '../core/cost.ts';
import type { MapLine } from '../procfs/maps.ts';
import type { KernelRoot } from '../procfs/root.ts';

/** An ELF note of the Go linker, near the start of the file: owner `Go`, type 4 (the build id). */
const GO_NOTE = Buffer.from('\x04\x00\x00\x00Go\x00\x00', 'latin1');
const NOTE_WITHIN = 8192;

/** The runtime of a process, told from its executable and its maps; `'native'` when it is gone. */
export function detectRuntime(root: KernelRoot, pid: number, maps: readonly MapLine[]): Runtime {
  const exe = executable(root, pid);
  const name = exe.slice(exe.lastIndexOf('/') + 1);
  if (/^node(js)?$/.test(name)) return 'node';
  if (/^python[\d.]*$/.test(name)) return 'python';
  for (const { path } of maps) {
    if (path.endsWith('/libjvm.so')) return 'jvm';
    if (/\/libpython\d/.test(path)) return 'python';
  }
  return isGo(root.proc(pid, 'exe')) ? 'go' : 'native';
}

function executable(root: KernelRoot, pid: number): string {
  try {
    return readlinkSync(root.proc(pid, 'exe')).replace(/ \(deleted\)$/, '');
  } catch {
    return '';
  }
}

function isGo(path: string): boolean {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const head = Buffer.alloc(NOTE_WITHIN);
    const length = readSync(fd, head, 0, head.length, 0);
    return head.subarray(0, length).includes(GO_NOTE);
  } catch {
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
