import { describe, expect, it } from 'vitest';
import { jvmWaitKind, needsChannel, waitKind, waitOfStack } from '../../src/core/wait.ts';

const call = (number: number, ...args: number[]) => ({ number, args });

describe('waitKind', () => {
  it.for([
    ['on a processor', { state: 'R' }, 'running'],
    ['stopped in a call: what it was in', { state: 'T', call: call(0) }, 'read'],
    ['stopped outside of one', { state: 'T', call: call(-1), channel: 'do_signal_stop' }, 'stopped'],
    ['frozen in a call', { state: 'D', call: call(232), channel: '__refrigerator' }, 'poll'],
    ['a zombie', { state: 'Z' }, 'dead'],
    ['a mutex: FUTEX_WAIT', { state: 'S', call: call(202, 1, 0x80) }, 'lock'],
    ['a condition variable: FUTEX_WAIT_BITSET', { state: 'S', call: call(202, 1, 0x189) }, 'queue'],
    ['a socket', { state: 'S', call: call(45) }, 'read'],
    ['epoll', { state: 'S', call: call(281) }, 'poll'],
    ['accept', { state: 'S', call: call(288) }, 'poll'],
    ['accept4 with arguments of zero', { state: 'S', call: call(288, 0, 0) }, 'poll'],
    ['select without a descriptor', { state: 'S', call: call(23, 0) }, 'sleep'],
    ['pselect6 without a descriptor', { state: 'S', call: call(270, 0) }, 'sleep'],
    ['poll without a descriptor', { state: 'S', call: call(7, 0x7ffc00, 0) }, 'sleep'],
    ['ppoll with one', { state: 'S', call: call(271, 0x7ffc00, 1) }, 'poll'],
    ['epoll_pwait2', { state: 'S', call: call(441) }, 'poll'],
    ['sigwaitinfo: rt_sigtimedwait', { state: 'S', call: call(128) }, 'signal'],
    ['sigsuspend', { state: 'S', call: call(130) }, 'signal'],
    ['pause', { state: 'S', call: call(34) }, 'signal'],
    ['io_getevents', { state: 'S', call: call(208) }, 'io'],
    ['semtimedop', { state: 'S', call: call(220) }, 'lock'],
    ['futex_waitv', { state: 'S', call: call(449) }, 'queue'],
    ['a lock of priorities: FUTEX_LOCK_PI', { state: 'S', call: call(202, 1, 0x86) }, 'lock'],
    ['its condition: FUTEX_WAIT_REQUEUE_PI', { state: 'S', call: call(202, 1, 0x8b) }, 'queue'],
    ['a lock of a file: fcntl with F_SETLKW', { state: 'D', call: call(72, 3, 7) }, 'lock'],
    ['fcntl that does not wait', { state: 'S', call: call(72, 3, 3) }, 'unknown'],
    ['begun anew: a sleep', { state: 'S', call: call(219), channel: 'hrtimer_nanosleep' }, 'sleep'],
    [
      'begun anew: a sleep whose channel says nothing',
      { state: 'S', call: call(219), channel: 'do_syscall_64' },
      'sleep',
    ],
    [
      'begun anew: poll without a descriptor',
      { state: 'S', call: call(219, 0, 0), channel: 'poll_schedule_timeout' },
      'sleep',
    ],
    ['begun anew, and stopped once more', { state: 'T', call: call(219), channel: 'do_signal_stop' }, 'stopped'],
    ['begun anew: poll', { state: 'S', call: call(219, 1, 1), channel: 'poll_schedule_timeout.constprop.0' }, 'poll'],
    ['begun anew: a condition', { state: 'S', call: call(219, 1, 0x189), channel: 'futex_do_wait' }, 'queue'],
    ['begun anew: a lock', { state: 'S', call: call(219, 1, 0x80), channel: 'futex_wait_queue' }, 'lock'],
    ['of 32 bits: read', { state: 'S', call: call(3), list: 'i386' }, 'read'],
    ['of 32 bits: futex_time64', { state: 'S', call: call(422, 1, 0x189), list: 'i386' }, 'queue'],
    ['of 32 bits: clock_nanosleep_time64', { state: 'S', call: call(407), list: 'i386' }, 'sleep'],
    ['of 32 bits: accept through socketcall', { state: 'S', call: call(102, 5), list: 'i386' }, 'poll'],
    ['of 32 bits: semop through ipc', { state: 'S', call: call(117, 0x10001), list: 'i386' }, 'lock'],
    ['of arm64: ppoll', { state: 'S', call: call(73, 1, 1), list: 'arm64' }, 'poll'],
    [
      'of a machine that is not known: the channel',
      { state: 'S', call: call(0), list: undefined, channel: 'do_wait' },
      'child',
    ],
    ['sleep', { state: 'S', call: call(230) }, 'sleep'],
    ['a child', { state: 'S', call: call(61) }, 'child'],
    ['making a thread', { state: 'D', call: call(435) }, 'clone'],
    ['another user’s: the wait channel', { state: 'S', channel: 'futex_wait_queue' }, 'lock'],
    ['a channel nobody knows', { state: 'S', channel: 'x_y_z' }, 'unknown'],
    ['a call nobody knows, but the channel', { state: 'S', call: call(9999), channel: 'pipe_read' }, 'read'],
    ['nothing at all', { state: 'S' }, 'unknown'],
  ] as const)('%s', ([, facts, want]) => {
    expect(waitKind({ list: 'x64', ...facts })).toBe(want);
  });
});

it.for([
  ['BLOCKED (on object monitor)', 'lock'],
  ['TIMED_WAITING (sleeping)', 'sleep'],
  ['WAITING (parking)', 'queue'],
  ['RUNNABLE', undefined],
  ['', undefined],
] as const)('JVM: %s', ([state, want]) => {
  expect(jvmWaitKind(state)).toBe(want);
});

it('the channel is asked for where the call does not say it', () => {
  expect([needsChannel('x64', 0), needsChannel('x64', 219), needsChannel('x64', 9999)]).toEqual([false, true, true]);
  expect([needsChannel('x64', -1), needsChannel(undefined, 0)]).toEqual([false, true]);
});

it.for([
  ['Go waits for work by FUTEX_WAIT', 'lock', ['runtime.futex', 'runtime.futexsleep', 'runtime.notesleep'], 'queue'],
  ['Go waits for a lock', 'lock', ['runtime.futex', 'runtime.futexsleep', 'runtime.lock2'], 'lock'],
  [
    'musl waits for a condition by FUTEX_WAIT',
    'lock',
    ['__syscall_cp_c', '__timedwait', 'pthread_cond_timedwait'],
    'queue',
  ],
  ['a mutex of glibc', 'unknown', ['__lll_lock_wait', 'pthread_mutex_lock'], 'lock'],
  ['a mutex of Rust', 'queue', ['syscall', '<std::sys::sync::mutex::futex::Mutex>::lock_contended'], 'lock'],
  ['a stopped thread that lost its call', 'stopped', ['clock_nanosleep', 'sleep'], 'sleep'],
  ['nothing that is known', 'lock', ['wait_for_it'], 'lock'],
  ['what the call says is certain', 'read', ['pthread_mutex_lock'], 'read'],
  ['too far from the leaf', 'lock', ['a', 'b', 'c', 'd', 'e', 'f', 'pthread_cond_wait'], 'lock'],
] as const)('functions of a stack: %s', ([, wait, names, want]) => {
  expect(
    waitOfStack(
      wait,
      names.map((name) => ({ function: name })),
    ),
  ).toBe(want);
});
