import type { Frame, WaitKind } from './stack.ts';
import { type CallList, systemCall } from './systemCalls.ts';

const FUTEX_COMMAND = 0x7f;
/** FUTEX_WAIT_BITSET, and FUTEX_WAIT_REQUEUE_PI: a condition variable with a mutex of another kind. */
const FUTEX_CONDITIONS = new Set([9, 11]);
/** F_SETLKW, F_SETLKW64 (of 32 bits) and F_OFD_SETLKW. */
const FCNTL_WAITS = new Set([7, 14, 38]);
/** The calls inside of socketcall(2) and ipc(2), which i386 has (include/uapi/linux/net.h and ipc.h). */
const BY_SOCKET_CALL: Readonly<Record<number, WaitKind>> = {
  3: 'io',
  5: 'poll',
  9: 'io',
  10: 'read',
  11: 'io',
  12: 'read',
  16: 'io',
  17: 'read',
  18: 'poll',
  19: 'read',
  20: 'io',
};
const BY_IPC: Readonly<Record<number, WaitKind>> = { 1: 'lock', 4: 'lock', 11: 'queue', 12: 'queue' };

const BY_CHANNEL: readonly (readonly [RegExp, WaitKind])[] = [
  [/futex/, 'lock'],
  [/nanosleep/, 'sleep'],
  [/do_pause|sigsuspend|sigtimedwait/, 'signal'],
  [/poll|select|epoll|accept|inet_csk/, 'poll'],
  [/pipe_read|sk_wait_data|unix_stream_read|skb_wait|anon_pipe_read|n_tty_read|eventfd_read/, 'read'],
  [/do_wait|wait_consider/, 'child'],
  [/io_schedule|folio_wait|jbd2|pipe_write|sock_alloc|read_events/, 'io'],
];

/** Where the kernel keeps what was stopped or frozen. */
const STANDSTILL = /signal_stop|ptrace_stop|refrigerator|freezer_trap/;

/** Functions of libraries that wait, without the underscores that they begin with. They say more than the call below them. */
const BY_FUNCTION: readonly (readonly [RegExp, WaitKind])[] = [
  [/^(pthread_cond_(timed|clock)?wait|cnd_(timed)?wait|sem_(timed|clock)?wait|new_sem_wait)/, 'queue'],
  [/^runtime\.(notesleep|notetsleepg?|stopm|mPark)(\.|$)|::thread::park(_timeout)?\b|Condvar::wait/, 'queue'],
  [/^(pthread_(mutex|rwlock|spin)_\w*lock|mtx_(timed)?lock|lll_(timed)?lock_wait|lll_lock_wait_private)/, 'lock'],
  [/^runtime\.lock2?(\.|$)|[Mm]utex::(lock|raw_lock)|lock_contended|lock_slow/, 'lock'],
  [/^(clock_nanosleep|nanosleep|sleep|usleep)$/, 'sleep'],
  [/^(poll|ppoll|p?select|epoll_p?wait2?)$/, 'poll'],
];
const MOST_FRAMES_ASKED = 6;

/** What is known about where a thread waits. */
export interface WaitFacts {
  /** The state letter of `/proc/PID/stat`. */
  readonly state: string;
  /** Its system call with the arguments; `undefined` if they cannot be read. */
  readonly call?: { readonly number: number; readonly args: readonly number[] } | undefined;
  /** The list that the number of the call is from; `undefined` where it is not known. */
  readonly list?: CallList | undefined;
  /** Its wait channel: `futex_wait_queue`. */
  readonly channel?: string | undefined;
}

/** The kind of wait. A thread that was stopped, or frozen, is still in the call that it was in when it was. */
export function waitKind({ call, channel, list, state }: WaitFacts): WaitKind {
  if (state === 'R') return 'running';
  if (state === 'Z' || state === 'X') return 'dead';
  const byCall = call === undefined || list === undefined ? undefined : kindOfCall(list, call, channel);
  if (byCall !== undefined) return byCall;
  if (state === 'T' || state === 't') return 'stopped';
  return kindOfChannel(channel) ?? 'unknown';
}

/** Whether the wait channel says more than the call does. */
export function needsChannel(list: CallList | undefined, number: number): boolean {
  const known = list === undefined ? undefined : systemCall(list, number);
  return number >= 0 && (known === undefined || known.name === 'restart_syscall');
}

/**
 * The same, if the functions of the stack say more: Go and musl wait for work by the call that others wait by for a
 * lock, and a call that was begun anew after a stop has lost its number.
 */
export function waitOfStack(wait: WaitKind, frames: readonly Frame[]): WaitKind {
  if (wait !== 'lock' && wait !== 'queue' && wait !== 'stopped' && wait !== 'unknown') return wait;
  for (const frame of frames.slice(0, MOST_FRAMES_ASKED)) {
    const name = frame.function.replace(/^_+/, '');
    const found = BY_FUNCTION.find(([pattern]) => pattern.test(name));
    if (found !== undefined) return found[1];
  }
  return wait;
}

/** The same by the state that the JVM gives a thread; `undefined` for a thread that runs: there the kernel knows more. */
export function jvmWaitKind(state: string): WaitKind | undefined {
  if (state.startsWith('BLOCKED')) return 'lock';
  if (state.includes('(sleeping)')) return 'sleep';
  return state.includes('WAITING') ? 'queue' : undefined;
}

function kindOfCall(
  list: CallList,
  { args, number }: NonNullable<WaitFacts['call']>,
  channel: string | undefined,
): WaitKind | undefined {
  const known = systemCall(list, number);
  if (known === undefined) return undefined;
  if (known.kind !== 'by arguments') return known.kind;
  const [first = 0, second = 0] = args;
  switch (known.name) {
    case 'futex':
    case 'futex_time64':
      return kindOfFutex(second);
    // Without a descriptor they are a way to sleep.
    case 'poll':
    case 'ppoll':
    case 'ppoll_time64':
      return second === 0 ? 'sleep' : 'poll';
    case 'fcntl':
    case 'fcntl64':
      return FCNTL_WAITS.has(second) ? 'lock' : undefined;
    case 'socketcall':
      return BY_SOCKET_CALL[first];
    case 'ipc':
      return BY_IPC[first & 0xffff];
    case 'restart_syscall':
      return kindOfRestart(second, channel);
    default:
      return first === 0 ? 'sleep' : 'poll';
  }
}

/**
 * Sleeps, poll and futex with a time are begun anew by this call (include/linux/restart_block.h). Their arguments are still
 * in the registers, and the channel tells which of them it is; that of a sleep has many names.
 */
function kindOfRestart(second: number, channel: string | undefined): WaitKind | undefined {
  if (channel === undefined || channel === '0' || STANDSTILL.test(channel)) return undefined;
  const kind = kindOfChannel(channel);
  if (kind === 'lock') return kindOfFutex(second);
  return kind === 'poll' && second !== 0 ? 'poll' : 'sleep';
}

/**
 * A condition variable waits by FUTEX_WAIT_BITSET (glibc since 2.25), a mutex by FUTEX_WAIT. The first is a thread without
 * work, the second a thread that is kept from its work.
 */
function kindOfFutex(operation: number): WaitKind {
  return FUTEX_CONDITIONS.has(operation & FUTEX_COMMAND) ? 'queue' : 'lock';
}

function kindOfChannel(channel: string | undefined): WaitKind | undefined {
  return BY_CHANNEL.find(([pattern]) => channel !== undefined && pattern.test(channel))?.[1];
}
