import type { WaitKind } from './stack.ts';

/** System calls of x86-64 by what a thread in them waits for. */
const BY_CALL: ReadonlyMap<number, WaitKind> = new Map<number, WaitKind>([
  ...[0, 17, 19, 45, 47, 295, 299, 327].map((nr): [number, WaitKind] => [nr, 'read']),
  ...[7, 23, 43, 128, 130, 232, 270, 271, 281, 288, 426, 441].map((nr): [number, WaitKind] => [nr, 'poll']),
  ...[34, 35, 230].map((nr): [number, WaitKind] => [nr, 'sleep']),
  ...[61, 247].map((nr): [number, WaitKind] => [nr, 'child']),
  ...[1, 18, 20, 44, 46, 74, 75, 162, 296, 307].map((nr): [number, WaitKind] => [nr, 'io']),
  ...[56, 57, 58, 435].map((nr): [number, WaitKind] => [nr, 'clone']),
  ...[65, 220, 242, 243].map((nr): [number, WaitKind] => [nr, 'queue']),
]);
const FUTEX = 202;
const FUTEX_COMMAND = 0x7f;
const FUTEX_WAIT_BITSET = 9;

const BY_CHANNEL: readonly (readonly [RegExp, WaitKind])[] = [
  [/futex/, 'lock'],
  [/nanosleep|do_pause|sigsuspend/, 'sleep'],
  [/poll|select|epoll|accept|inet_csk/, 'poll'],
  [/pipe_read|sk_wait_data|unix_stream_read|skb_wait|anon_pipe_read|n_tty_read|eventfd_read/, 'read'],
  [/do_wait|wait_consider/, 'child'],
  [/io_schedule|folio_wait|jbd2|pipe_write|sock_alloc/, 'io'],
];

/** What is known about where a thread waits. */
export interface WaitFacts {
  /** The state letter of `/proc/PID/stat`. */
  readonly state: string;
  /** Its system call with the arguments; `undefined` if they cannot be read. */
  readonly call?: { readonly number: number; readonly args: readonly number[] } | undefined;
  /** Its wait channel: `futex_wait_queue`. */
  readonly channel?: string | undefined;
}

/**
 * The kind of wait. A condition variable waits by FUTEX_WAIT_BITSET (glibc since 2.25), a mutex by FUTEX_WAIT. The first
 * is a thread without work, the second a thread that is kept from its work.
 */
export function waitKind({ call, channel, state }: WaitFacts): WaitKind {
  if (state === 'R') return 'running';
  if (state === 'T' || state === 't') return 'stopped';
  if (state === 'Z' || state === 'X') return 'dead';
  if (call !== undefined && call.number >= 0) {
    if (call.number === FUTEX) {
      return ((call.args[1] ?? 0) & FUTEX_COMMAND) === FUTEX_WAIT_BITSET ? 'queue' : 'lock';
    }
    const kind = BY_CALL.get(call.number);
    if (kind !== undefined) return kind;
  }
  return BY_CHANNEL.find(([pattern]) => channel !== undefined && pattern.test(channel))?.[1] ?? 'unknown';
}

/** The same by the state that the JVM gives a thread; `undefined` for a thread that runs: there the kernel knows more. */
export function jvmWaitKind(state: string): WaitKind | undefined {
  if (state.startsWith('BLOCKED')) return 'lock';
  if (state.includes('(sleeping)')) return 'sleep';
  return state.includes('WAITING') ? 'queue' : undefined;
}
