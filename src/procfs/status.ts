import { constants } from 'node:os';
import { readText } from './read.ts';
import type { KernelRoot } from './root.ts';

/** `/proc/PID/status`, as far as it is used. */
export interface ProcessStatus {
  readonly uid: number;
  /** Whose files it makes; the effective user of nearly every process. */
  readonly fsUid: number;
  readonly name: string;
  readonly threads: number;
  readonly vmSizeBytes: number;
  readonly vmDataBytes: number;
  readonly vmLockedBytes: number;
  /** Anonymous memory that it holds; pages of files are not its own. */
  readonly rssAnonBytes: number;
  /** 0 none, 1 strict, 2 filter (prctl(2), PR_GET_SECCOMP). */
  readonly seccomp: number;
  /** The pid in every pid namespace from ours inwards. */
  readonly nsPids: readonly number[];
  readonly ignoredSignals: bigint;
  readonly caughtSignals: bigint;
  readonly effectiveCaps: bigint;
}

/** `/proc/PID/status`. It costs 8 µs whatever the number of threads. */
export function readStatus(root: KernelRoot, pid: number | 'self'): ProcessStatus | undefined {
  const text = readText(root.proc(pid, 'status'));
  return text === undefined ? undefined : parseStatus(text);
}

/** Whether a process has a handler of its own for a signal. Without one most signals end it. */
export function catches(root: KernelRoot, pid: number, signal: string): boolean {
  const number = constants.signals[signal as NodeJS.Signals] ?? 0;
  const caught = readStatus(root, pid)?.caughtSignals ?? 0n;
  return number > 0 && ((caught >> BigInt(number - 1)) & 1n) === 1n;
}

/**
 * `Name:\tsh\nUmask:\t0022\nState:\tS (sleeping)\n…Threads:\t17\n`; proc_pid_status(5). The kernel escapes `Name`, so
 * every line begins with a field. A zombie has no Vm lines. `undefined` for a text without `Threads`.
 */
export function parseStatus(text: string): ProcessStatus | undefined {
  const threads = field(text, 'Threads');
  if (threads === undefined) return undefined;
  return {
    uid: Number.parseInt(field(text, 'Uid') ?? '', 10),
    fsUid: Number.parseInt((field(text, 'Uid') ?? '').split('\t')[3] ?? '', 10),
    threads: Number(threads),
    name: text.startsWith('Name:\t') ? text.slice(6, text.indexOf('\n')) : '',
    vmSizeBytes: kibibytes(text, 'VmSize'),
    vmDataBytes: kibibytes(text, 'VmData'),
    vmLockedBytes: kibibytes(text, 'VmLck'),
    rssAnonBytes: kibibytes(text, 'RssAnon'),
    seccomp: Number(field(text, 'Seccomp') ?? 0),
    nsPids: (field(text, 'NSpid') ?? '').split('\t').filter(Boolean).map(Number),
    ignoredSignals: hex(field(text, 'SigIgn')),
    caughtSignals: hex(field(text, 'SigCgt')),
    effectiveCaps: hex(field(text, 'CapEff')),
  };
}

function kibibytes(text: string, name: string): number {
  return Number.parseInt(field(text, name) ?? '0', 10) * 1024;
}

function field(text: string, name: string): string | undefined {
  const start = text.indexOf(`\n${name}:`);
  if (start < 0) return undefined;
  const end = text.indexOf('\n', start + 1);
  return text.slice(start + name.length + 2, end < 0 ? undefined : end).trim();
}

function hex(text: string | undefined): bigint {
  return text !== undefined && /^[0-9a-f]+$/.test(text) ? BigInt(`0x${text}`) : 0n;
}
