import { open } from 'node:fs/promises';
import { readText } from './read.ts';
import type { KernelRoot } from './root.ts';

const NEWLINE = 10;

/**
 * Lines of `/proc/PID/maps` without `[vsyscall]`, which is no map of the process and does not count against
 * vm.max_map_count. 123 maps take 44 µs and 60,000 take 22 ms (one read returns at most a page), so callers gate it.
 * `undefined` when the process is gone or may not be read (it needs the rights of ptrace); 0 for a zombie.
 *
 * It is read on the thread pool and never on the loop: the kernel waits for the target's mmap lock (lock_next_vma), and
 * a forking target that was preempted holds it. Under a setsid bomb a loop that read maps itself was seen in state D for
 * 20 s, in spite of its real-time priority.
 */
export async function countMaps(root: KernelRoot, pid: number): Promise<number | undefined> {
  try {
    const file = await open(root.proc(pid, 'maps'), 'r');
    try {
      const chunk = Buffer.allocUnsafe(64 * 1024);
      let lines = 0;
      let tail = '';
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
        if (bytesRead === 0) break;
        const text = chunk.subarray(0, bytesRead);
        for (let at = text.indexOf(NEWLINE); at >= 0; at = text.indexOf(NEWLINE, at + 1)) lines += 1;
        tail = text.toString('latin1', Math.max(0, bytesRead - 128));
      }
      return tail.includes('[vsyscall]') ? lines - 1 : lines;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/**
 * The same number, read at once on the calling thread: for commands that watch one process and may wait for its lock.
 * `undefined` when the process is gone or may not be read. It is too low when the process ends meanwhile: the kernel
 * then ends the file.
 */
export function countMapsNow(root: KernelRoot, pid: number): number | undefined {
  const text = readText(root.proc(pid, 'maps'));
  if (text === undefined) return undefined;
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return text.endsWith('[vsyscall]\n') ? lines - 1 : lines;
}

/** A line of `/proc/PID/maps`. Addresses are below 2^53 on every Linux port that Node runs on. */
export interface MapLine {
  readonly start: number;
  readonly end: number;
  readonly perms: string;
  /** Where `start` is in the file. */
  readonly offset: number;
  /** `major:minor` of the file system of the inode. */
  readonly device: string;
  readonly inode: number;
  /** A file, `[heap]`, `[anon:…]`, or empty. */
  readonly path: string;
}

/**
 * All maps of a process except `[vsyscall]`, read at once on the calling thread: for commands that look once, never for
 * the loop. `undefined` when the process is gone or the rights of ptrace are missing.
 */
export function readMaps(root: KernelRoot, pid: number | 'self'): MapLine[] | undefined {
  const text = readText(root.proc(pid, 'maps'));
  return text === undefined ? undefined : parseMaps(text);
}

/** The same for maps that hold code only: a process with 10,000 threads has 20,000 others. */
export function readCodeMaps(root: KernelRoot, pid: number): MapLine[] | undefined {
  const text = readText(root.proc(pid, 'maps'));
  return text === undefined ? undefined : parseMaps(text, isCode);
}

/** Only a newline ends a line: the kernel writes it as `\\012` in a path, and leaves a carriage return as it is. */
function isCode(line: string): boolean {
  return line[line.indexOf(' ') + 3] === 'x';
}

/** `7f12a0021000-7f12a4000000 ---p 00000000 00:00 0      /path with spaces`; proc_pid_maps(5). */
export function parseMaps(text: string, isWanted: (line: string) => boolean = () => true): MapLine[] {
  const maps: MapLine[] = [];
  for (const line of text.split('\n')) {
    if (!isWanted(line)) continue;
    const match = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) (\S+) (\d+) *(.*)$/s.exec(line);
    if (match === null || match[7] === '[vsyscall]') continue;
    maps.push({
      start: Number.parseInt(match[1] as string, 16),
      end: Number.parseInt(match[2] as string, 16),
      perms: match[3] as string,
      offset: Number.parseInt(match[4] as string, 16),
      device: match[5] as string,
      inode: Number(match[6]),
      path: match[7] as string,
    });
  }
  return maps;
}
