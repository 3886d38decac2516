import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Ended } from '../../src/core/model.ts';
import { leave, leaveAs } from '../../src/launch/leave.ts';
import { type Libc, RLIMIT_CORE } from '../../src/sys/libc.ts';

const real = { exit: process.exit, kill: process.kill };
/** A signal that nobody needs here, and who listened to it. */
const SIGNAL = 'SIGVTALRM';
let listeners: NodeJS.SignalsListener[];
let done: string[];

beforeEach(() => {
  done = [];
  listeners = process.listeners(SIGNAL) as NodeJS.SignalsListener[];
  process.exit = ((code: number) => void done.push(`exit ${code}`)) as unknown as typeof process.exit;
  process.kill = (pid, signal) => {
    done.push(`${signal} → ${pid === process.pid ? 'self' : pid}`);
    return true;
  };
});
afterEach(() => {
  process.removeAllListeners(SIGNAL);
  for (const listener of listeners) process.on(SIGNAL, listener);
  Object.assign(process, real);
});

const libc = {
  exitNow: (code: number) => void done.push(`_exit ${code}`),
  getLimit: () => ({ soft: 5n, hard: 9n }),
  setLimit: (pid: number, resource: number, soft: bigint, hard: bigint) =>
    done.push(`limit ${resource} of ${pid}: ${soft} ${hard}`) > 0,
} as unknown as Libc;

describe('the guard ends as the command ended', () => {
  it.each<[string, Ended, string]>([
    ['well', { by: 'exit', code: 0 }, '_exit 0'],
    ['badly', { by: 'exit', code: 77 }, '_exit 77'],
    ['nobody knows how', { by: 'gone' }, '_exit 0'],
  ])('%s', (_, ended, want) => {
    leaveAs(ended, libc);
    expect(done[0]).toBe(want);
  });
  it('by the same signal, with no listener left and no second core', async () => {
    process.on(SIGNAL, () => {});
    leaveAs({ by: 'signal', signal: SIGNAL }, libc);
    expect(done).toEqual([`limit ${RLIMIT_CORE} of 0: 0 9`, `${SIGNAL} → self`]);
    expect(process.listenerCount(SIGNAL)).toBe(0);
    // It lives on, as pid 1 does: then the number that a shell would give.
    await vi.waitFor(() => expect(done).toContain('_exit 154'), 5_000);
  });
  it('by the same signal without libc too', async () => {
    leaveAs({ by: 'signal', signal: SIGNAL }, undefined);
    expect(done).toEqual([`${SIGNAL} → self`]);
    await vi.waitFor(() => expect(done).toContain('exit 154'), 5_000);
  });
});

describe('an end now', () => {
  it('does not go through the handlers of C where it need not', () => {
    leave(125, libc);
    expect(done[0]).toBe('_exit 125');
  });
  it('goes the usual way without libc', () => {
    leave(125, undefined);
    expect(done).toEqual(['exit 125']);
  });
});
