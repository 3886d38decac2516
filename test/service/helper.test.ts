import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HelperFacts, openHelper } from '../../src/service/helper.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const facts: HelperFacts = {
  THREADGUARD_EVENT: 'trip',
  THREADGUARD_TARGET: 'command:a',
  THREADGUARD_REASON: 'two\nlines\r\nand a zero\0',
  THREADGUARD_INCIDENT: '',
};

interface FakeShell extends ChildProcess {
  /** What it was told. */
  told(): string;
}

/** Shells that wait, each with a pid from 100 on. `refuse` says that there is none left. */
function made(refuse: () => 'error' | 'throw' | undefined = () => undefined) {
  const shells: FakeShell[] = [];
  const killed: number[] = [];
  const own = new Set<number>();
  const start = (): ChildProcess => {
    const how = refuse();
    if (how === 'throw') throw Object.assign(new Error('spawn sh EAGAIN'), { code: 'EAGAIN' });
    const stdin = new PassThrough();
    let told = '';
    stdin.on('data', (chunk) => {
      told += chunk;
    });
    const shell = Object.assign(new EventEmitter(), {
      pid: how === 'error' ? undefined : 100 + shells.length,
      stdin,
      ref: () => {},
      unref: () => {},
      told: () => told,
    }) as unknown as FakeShell;
    shells.push(shell);
    return shell;
  };
  const helper = openHelper(
    'mail root',
    {},
    { own, fork: (begin) => begin() },
    { start, killGroup: (pid) => void killed.push(pid) },
  );
  return { helper, shells, killed, own };
}

describe('a helper', () => {
  it('waits before it is needed, is told its facts a line each, and another one waits afterwards', async () => {
    const { helper, own, shells } = made();
    expect([shells.length, [...own]]).toEqual([1, [100]]);
    const end = helper.run(facts, 1_000);
    await vi.advanceTimersByTimeAsync(0);
    expect(shells[0]?.told()).toBe('trip\ncommand:a\ntwo lines and a zero \n\n');
    shells[0]?.emit('exit', 0, null);
    expect(await end).toEqual({ by: 'exit', code: 0 });
    expect([shells.length, [...own]]).toEqual([2, [101]]);
  });
  it.for([
    ['its status', [3, null], { by: 'exit', code: 3 }],
    ['a signal', [null, 'SIGSEGV'], { by: 'signal', signal: 'SIGSEGV' }],
  ] as const)('tells how its command ended: by %s', async ([, exit, want]) => {
    const { helper, shells } = made();
    const end = helper.run(facts, 1_000);
    shells[0]?.emit('exit', ...exit);
    expect(await end).toEqual(want);
  });
  it('a command that takes too long is killed with its whole group', async () => {
    const { helper, killed, shells } = made();
    const end = helper.run(facts, 1_000);
    await vi.advanceTimersByTimeAsync(999);
    expect(killed).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(killed).toEqual([100]);
    shells[0]?.emit('exit', null, 'SIGKILL');
    expect(await end).toEqual({ by: 'timeout' });
  });
  it('one that died while it waited is replaced when it is needed', async () => {
    const { helper, own, shells } = made();
    shells[0]?.emit('exit', null, 'SIGKILL');
    expect([...own]).toEqual([]);
    const end = helper.run(facts, 1_000);
    shells[1]?.emit('exit', 0, null);
    expect(await end).toEqual({ by: 'exit', code: 0 });
  });
  it.for(['throw', 'error'] as const)('no process can be had (%s): that is refused, with the reason', async (how) => {
    const { helper, own, shells } = made(() => how);
    shells[0]?.emit('error', Object.assign(new Error('spawn sh EAGAIN'), { code: 'EAGAIN' }));
    const end = await helper.run(facts, 1_000);
    expect([end.by, own.size]).toEqual(['refused', 0]);
    expect(end.by === 'refused' && end.why).toMatch(how === 'throw' ? /^EAGAIN$/ : /no process was left|EAGAIN/);
  });
  it('closed, its waiting shell is at the end of its input, and no other is started', async () => {
    const { helper, shells } = made();
    const ended = vi.fn();
    shells[0]?.stdin?.on('end', ended);
    helper.close();
    await vi.advanceTimersByTimeAsync(0);
    expect([ended.mock.calls.length, shells[0]?.told()]).toEqual([1, '']);
    helper.close();
    expect(shells).toHaveLength(1);
  });
  it('closed while its command runs, no other waits afterwards', async () => {
    const { helper, shells } = made();
    const end = helper.run(facts, 1_000);
    helper.close();
    shells[0]?.emit('exit', 0, null);
    await end;
    expect(shells).toHaveLength(1);
  });
});
