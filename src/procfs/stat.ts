import { readText } from './read.ts';
import type { KernelRoot } from './root.ts';

/** `/proc/PID/stat`, as far as it is used. */
export interface ProcessStat {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  /** Device number of the controlling terminal; 0 without one. */
  readonly ttyNr: number;
  /** Foreground process group of that terminal; -1 without one. */
  readonly tpgid: number;
  readonly threads: number;
  /** Time on a processor, of user and kernel, in clock ticks. */
  readonly cpuTicks: number;
  /** Clock ticks after boot. With the pid it is the identity of a process. */
  readonly startTime: number;
  /** Scheduling policy, as in sched(7): 6 is SCHED_DEADLINE. */
  readonly policy: number;
}

/** The last field that is used is the scheduling policy, field 41 of the file. */
const FIELDS = 39;

/**
 * Whether a process has ended and waits to be reaped. A main thread that ended is a zombie while other threads of its
 * process live on: that process has not ended.
 */
export function isZombie({ state, threads }: Pick<ProcessStat, 'state' | 'threads'>): boolean {
  return state === 'Z' && threads <= 1;
}

/** `/proc/PID/stat`. It costs 4 µs for one thread and 442 µs for 9,000, so it is not for every look. */
export function readStat(root: KernelRoot, pid: number | 'self'): ProcessStat | undefined {
  const text = readText(root.proc(pid, 'stat'));
  return text === undefined ? undefined : parseStat(text);
}

/**
 * `42 (na) me) S 1 42 42 34816 42 4194304 … 17 0 1234567 …`; proc_pid_stat(5). The name may hold spaces, parentheses and
 * newlines, so the fields are counted from the last `)`. `undefined` for a text that was cut short.
 */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ', FIELDS);
  const startTime = Number(fields[19]);
  if (!Number.isFinite(startTime)) return undefined;
  return {
    pid: Number(text.slice(0, open)),
    name: text.slice(open + 1, close),
    state: fields[0] ?? '?',
    ppid: Number(fields[1]),
    pgrp: Number(fields[2]),
    session: Number(fields[3]),
    ttyNr: Number(fields[4]),
    tpgid: Number(fields[5]),
    threads: Number(fields[17]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    startTime,
    policy: Number(fields[38] ?? 0),
  };
}
