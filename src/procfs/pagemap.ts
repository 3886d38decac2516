import { closeSync, openSync, readSync } from 'node:fs';
import type { KernelRoot } from './root.ts';

const PAGE = 4096;
const ENTRY = 8;
/** Bits 63 (present) and 62 (swapped) of an entry, in its last byte. With either the page holds memory. */
const HELD = 0xc0;
/** Of a larger range only the upper end is read, because a stack grows down from there. */
const MOST_PAGES = 8192;

/**
 * How many bytes of memory each range of a process's address space really holds, from `/proc/PID/pagemap`
 * (proc_pid_pagemap(5)). `undefined` when the process is gone or the rights of ptrace are missing.
 */
export function readTouched(
  root: KernelRoot,
  pid: number,
  ranges: readonly { readonly start: number; readonly end: number }[],
): number[] | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(root.proc(pid, 'pagemap'), 'r');
    const entries = Buffer.alloc(MOST_PAGES * ENTRY);
    const touched: number[] = [];
    for (const { start, end } of ranges) {
      const pages = Math.min(MOST_PAGES, Math.ceil((end - start) / PAGE));
      const length = readSync(fd, entries, 0, pages * ENTRY, (end / PAGE - pages) * ENTRY);
      let held = 0;
      for (let at = ENTRY - 1; at < length; at += ENTRY) if (((entries[at] ?? 0) & HELD) !== 0) held += 1;
      touched.push(held * PAGE);
    }
    return touched;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
