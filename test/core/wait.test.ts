import { describe, expect, it } from 'vitest';
import { jvmWaitKind, waitKind } from '../../src/core/wait.ts';

const call = (number: number, ...args: number[]) => ({ number, args });

describe('waitKind', () => {
  it.for([
    ['on a processor', { state: 'R' }, 'running'],
    ['stopped, whatever it was in', { state: 'T', call: call(0) }, 'stopped'],
    ['a zombie', { state: 'Z' }, 'dead'],
    ['a mutex: FUTEX_WAIT', { state: 'S', call: call(202, 1, 0x80) }, 'lock'],
    ['a condition variable: FUTEX_WAIT_BITSET', { state: 'S', call: call(202, 1, 0x189) }, 'queue'],
    ['a socket', { state: 'S', call: call(45) }, 'read'],
    ['epoll', { state: 'S', call: call(281) }, 'poll'],
    ['accept', { state: 'S', call: call(288) }, 'poll'],
    ['sleep', { state: 'S', call: call(230) }, 'sleep'],
    ['a child', { state: 'S', call: call(61) }, 'child'],
    ['making a thread', { state: 'D', call: call(435) }, 'clone'],
    ['another user’s: the wait channel', { state: 'S', channel: 'futex_wait_queue' }, 'lock'],
    ['a channel nobody knows', { state: 'S', channel: 'x_y_z' }, 'unknown'],
    ['a call nobody knows, but the channel', { state: 'S', call: call(9999), channel: 'pipe_read' }, 'read'],
    ['nothing at all', { state: 'S' }, 'unknown'],
  ] as const)('%s', ([, facts, want]) => {
    expect(waitKind(facts)).toBe(want);
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
