import { constants } from 'node:os';

/**
 * Signals handed on to the child. Not in it: KILL and STOP (nobody can catch them), CHLD (the guard's
 * own), PIPE (the kernel tells it to whoever writes, and that is the guard when the reader of its log is gone: an honest
 * command died of it), XFSZ (the same, when its log grows over RLIMIT_FSIZE), SEGV, BUS, FPE, ILL and PROF (listening to them can spin Node at 100 %). Real-time signals
 * cannot be caught in Node at all: they end the guard.
 */
export const FORWARDED: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTRAP',
  'SIGABRT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGSTKFLT',
  'SIGCONT',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGXCPU',
  'SIGVTALRM',
  'SIGWINCH',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
];

/** What the kernel tells a process about its own writing. It must not end the guard, and it is no business of the child. */
export const KEPT: readonly NodeJS.Signals[] = ['SIGXFSZ'];

/** Whether a SIGXCPU was for the guard: it has used up its own RLIMIT_CPU. The child has a limit and a signal of its own. */
export function isOwnCpuLimit(usedMs: number, softSeconds: bigint | undefined): boolean {
  return softSeconds !== undefined && BigInt(Math.floor(usedMs / 1000)) >= softSeconds;
}

/** What a terminal sends to its whole foreground group: the child has it already. */
const FROM_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGINT',
  'SIGQUIT',
  'SIGTSTP',
  'SIGHUP',
  'SIGWINCH',
  'SIGCONT',
  'SIGTTIN',
  'SIGTTOU',
]);

/** Signals on which a job stops. */
const STOPPING: ReadonlySet<NodeJS.Signals> = new Set(['SIGTSTP', 'SIGTTIN', 'SIGTTOU']);

export interface SignalPlan {
  readonly forward: boolean;
  /** The guard must stop itself, so that the shell sees its job stop. */
  readonly stopSelf: boolean;
}

/**
 * What to do with a signal. Node is not told who sent it; when guard and child share the foreground
 * group of a terminal, a terminal's signal has reached the child, and a second one would be one too many.
 */
export function planSignal(signal: NodeJS.Signals, sharesForeground: boolean): SignalPlan {
  return {
    forward: !(sharesForeground && FROM_TERMINAL.has(signal)),
    stopSelf: STOPPING.has(signal),
  };
}

/** Names (without SIG) of the signals in a `SigIgn` mask that a child can be started with ignored. */
export function maskNames(mask: bigint): string[] {
  return Object.entries(constants.signals)
    .filter(
      ([name, number]) =>
        (mask >> BigInt(number - 1)) & 1n && name !== 'SIGKILL' && name !== 'SIGSTOP' && !ALIASES.has(name),
    )
    .map(([name]) => name.slice(3));
}

const ALIASES = new Set(['SIGIOT', 'SIGPOLL', 'SIGUNUSED']);
