import { closeSync, openSync, readlinkSync, readSync } from 'node:fs';
import { RUNTIMES, type StackSource } from '../core/runtimes.ts';
import type { KernelRoot } from './root.ts';

/** A linker puts its notes near the start of the file, behind the program headers. */
const MARK_WITHIN = 8192;
const ROWS = Object.entries(RUNTIMES) as [StackSource, (typeof RUNTIMES)[StackSource]][];

/** The runtime that makes the threads of a process: the first of `runtimesIn`. */
export function detectRuntime(root: KernelRoot, pid: number, paths: readonly string[]): StackSource {
  return runtimesIn(root, pid, paths)[0] as StackSource;
}

/**
 * Every runtime that is inside a process, by its executable and by the files that it has mapped (`paths`; none of them
 * is opened). What the process runs as comes before what it has loaded. Never empty: `native` is what nothing else is
 * known of, a process that is gone included.
 */
export function runtimesIn(root: KernelRoot, pid: number, paths: readonly string[]): readonly StackSource[] {
  const exe = baseName(executable(root, pid));
  const mapped = paths.map(baseName);
  const runsAs = ROWS.filter(([, traits]) => traits.executable?.test(exe) === true);
  // An executable that was started through the dynamic loader is only mapped.
  const hasLoaded = ROWS.filter(([, { executable, library }]) =>
    mapped.some((name) => library?.test(name) === true || executable?.test(name) === true),
  );
  const named = [...runsAs, ...hasLoaded].map(([source]) => source);
  // The file is read only if no name tells: the guard asks for its target at every look near the line.
  const found = named.length > 0 ? named : marked(root.proc(pid, 'exe'));
  return found.length === 0 ? ['native'] : [...new Set(found)];
}

function executable(root: KernelRoot, pid: number): string {
  try {
    return readlinkSync(root.proc(pid, 'exe')).replace(/ \(deleted\)$/, '');
  } catch {
    return '';
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function marked(path: string): StackSource[] {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const head = Buffer.alloc(MARK_WITHIN);
    const text = head.toString('latin1', 0, readSync(fd, head, 0, head.length, 0));
    return ROWS.filter(([, { mark }]) => mark !== undefined && text.includes(mark)).map(([source]) => source);
  } catch {
    return [];
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
