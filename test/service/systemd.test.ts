import { describe, expect, it } from 'vitest';
import type { Ceiling } from '../../src/core/model.ts';
import { parseNotification, statusText } from '../../src/service/notification.ts';
import { openServiceManager, type ServiceManager } from '../../src/service/systemd.ts';
import type { Datagram } from '../../src/sys/datagram.ts';
import type { Libc } from '../../src/sys/libc.ts';

const SOCKET = '/run/systemd/notify';
const COMMAND = 7;
const isSpeaker = ({ pid }: { pid: number }): boolean => pid === COMMAND;

/** A manager that notes what it is told, and a command that says what it is made to say. */
function managed(
  env: NodeJS.ProcessEnv,
  mode: 'guard' | 'child' = 'guard',
): {
  manager: ServiceManager;
  told: string[];
  say: (text: string, pid?: number) => void;
  pass: (ms: number) => void;
} {
  const told: string[] = [];
  const said: Datagram[] = [];
  let nowMs = 0;
  const libc = {
    connectDatagram: (path: string) =>
      path === SOCKET ? { send: (text: string) => told.push(text) > 0, close: () => {} } : 'ENOENT',
    bindDatagram: () => ({ receive: () => said.shift(), close: () => {} }),
  } as unknown as Libc;
  const manager = openServiceManager(env, mode, { libc, pid: 42, now: () => nowMs, isSpeaker }) as ServiceManager;
  return {
    manager,
    told,
    say: (text, pid = COMMAND) => said.push({ text, pid, uid: 1_000 }),
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

const pings = (told: readonly string[]) => told.filter((text) => text === 'WATCHDOG=1').length;

describe('what a service manager is told', () => {
  it('that the service is ready when the command runs, and how it is', () => {
    const { manager, told, pass } = managed({ NOTIFY_SOCKET: SOCKET });
    manager.started('1 task');
    manager.status('2 tasks');
    pass(2_000);
    manager.status('3 tasks');
    pass(2_000);
    manager.status('3 tasks');
    manager.stopping();
    manager.stopping();
    manager.extend(1_500);
    manager.close();
    expect(told).toEqual(['READY=1\nSTATUS=1 task', 'STATUS=3 tasks', 'STOPPING=1', 'EXTEND_TIMEOUT_USEC=1500000']);
  });
  it('that the loop turns, four times in the period, and only when it does', () => {
    const { manager, told, pass } = managed({ NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: '2000000', WATCHDOG_PID: '42' });
    expect(manager.heartbeatMs).toBe(1_000);
    for (let beat = 0; beat < 10; beat += 1) {
      manager.beat();
      pass(100);
    }
    expect(pings(told)).toBe(2);
  });
  it.each([
    ['somebody else’s watchdog', { WATCHDOG_USEC: '2000000', WATCHDOG_PID: '41' }],
    ['no number', { WATCHDOG_USEC: 'soon' }],
    ['none', {}],
  ])('%s: no ping', (_, env) => {
    const { manager, told } = managed({ NOTIFY_SOCKET: SOCKET, ...env });
    manager.beat();
    expect(told).toEqual([]);
    expect(manager.heartbeatMs).toBeUndefined();
  });
  it('what the command says itself, without what would be wrong from the guard', () => {
    const { manager, told, say, pass } = managed({ NOTIFY_SOCKET: SOCKET }, 'child');
    manager.started('1 task');
    say('READY=1\nMAINPID=7\nSTATUS=serving\nFDSTORE=1');
    manager.beat();
    pass(2_000);
    manager.status('2 tasks');
    say('RELOADING=1\nMONOTONIC_USEC=9');
    manager.close();
    expect(told).toEqual([
      'STATUS=1 task',
      'READY=1',
      'STATUS=serving (1 task)',
      'STATUS=serving (2 tasks)',
      'RELOADING=1\nMONOTONIC_USEC=9',
    ]);
  });
  it('nothing any more when a command that had said that it lives has stopped saying so', () => {
    const { manager, told, say, pass } = managed({ NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: '1000000' }, 'child');
    manager.beat();
    say('WATCHDOG=1');
    for (let ms = 0; ms < 3_000; ms += 250) {
      pass(250);
      manager.beat();
    }
    expect(pings(told)).toBe(6);
  });
});

describe('what somebody else says in the name of the command', () => {
  it('is not handed on, is told once and counted', () => {
    const { manager, told, say } = managed({ NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: '1000000' }, 'child');
    const problems: string[] = [];
    manager.onForeign((problem) => problems.push(problem));
    for (const text of ['READY=1\nSTATUS=mine', 'STOPPING=1', 'WATCHDOG=trigger']) say(text, 666);
    say('EXTEND_TIMEOUT_USEC=999999999999', 0);
    manager.beat();
    expect(told).toEqual(['WATCHDOG=1']);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('process 666 of uid 1000 sent a notification in the name of the command');
    expect(manager.foreign).toBe(4);
  });
  it('does not keep what the command says waiting', () => {
    const { manager, told, say } = managed({ NOTIFY_SOCKET: SOCKET }, 'child');
    for (let count = 0; count < 100; count += 1) say('READY=1', 666);
    say('READY=1');
    manager.beat();
    expect(told).toEqual(['READY=1']);
    expect(manager.foreign).toBe(100);
  });
  it('does not keep the guard busy for ever', () => {
    const { manager, say } = managed({ NOTIFY_SOCKET: SOCKET }, 'child');
    for (let count = 0; count < 10_000; count += 1) say('STOPPING=1', 666);
    manager.beat();
    expect(manager.foreign).toBeLessThan(1_000);
  });
  it('is no sign of life of the command', () => {
    const { manager, told, say, pass } = managed({ NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: '1000000' }, 'child');
    say('WATCHDOG=1');
    for (let ms = 0; ms < 3_000; ms += 250) {
      pass(250);
      say('WATCHDOG=1', 666);
      manager.beat();
    }
    expect(pings(told)).toBeLessThan(10);
  });
});

describe('what the command finds in its environment', () => {
  const given = { NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: '1000', WATCHDOG_PID: '42', A: 'b' };
  it('nothing of the manager when the guard speaks', () => {
    expect(managed(given).manager).toMatchObject({ env: { A: 'b' }, ownPid: [] });
    expect(Object.keys(managed(given).manager.env)).toEqual(['A']);
  });
  it('the guard’s own socket, and a watchdog with its own pid, when it speaks itself', () => {
    const { manager } = managed(given, 'child');
    expect(manager.env['NOTIFY_SOCKET']).toMatch(/^@threadguard\/[0-9a-f]{24}$/);
    expect(manager).toMatchObject({ env: { WATCHDOG_USEC: '1000' }, ownPid: ['WATCHDOG_PID'] });
  });
  it('all of it as it was where the manager cannot be reached, and that is said', () => {
    const { manager } = managed({ ...given, NOTIFY_SOCKET: '/gone' });
    expect(manager).toMatchObject({ env: { ...given, NOTIFY_SOCKET: '/gone' }, ownPid: ['WATCHDOG_PID'] });
    expect(manager.problem).toContain('/gone cannot be told anything (ENOENT)');
  });
  it('no manager, or one that is left alone: none', () => {
    const parts = { libc: undefined, pid: 1, now: () => 0, isSpeaker };
    expect(openServiceManager({}, 'guard', parts)).toBeUndefined();
    expect(openServiceManager(given, 'off', parts)).toBeUndefined();
    expect(openServiceManager(given, 'guard', parts)?.problem).toContain('koffi');
  });
});

it.each([
  ['READY=1\n', { isReady: true, isAlive: false, status: undefined, others: [] }],
  ['STATUS=a=b\nSTATUS=last', { isReady: false, isAlive: false, status: 'last', others: [] }],
  ['WATCHDOG=1\nWATCHDOG=trigger', { isReady: false, isAlive: true, status: undefined, others: ['WATCHDOG=trigger'] }],
  ['BARRIER=1', { isReady: false, isAlive: false, status: undefined, others: [] }],
  ['', { isReady: false, isAlive: false, status: undefined, others: [] }],
])('parseNotification %j', (text, want) => {
  expect(parseNotification(text)).toEqual(want);
});

describe('statusText', () => {
  const binding = { name: 'pids.max', scope: 'cgroup', path: '/x', additionalThreads: 1588 } as Ceiling;
  const growth = (perSecond: number) => ({ shortPerSecond: perSecond, longPerSecond: perSecond, gained: 0 });
  it.each([
    ['at rest', 412, 0, 'calm', '412 tasks; 1,588 more threads until pids.max of /x'],
    ['growing', 412, 1.47, 'calm', '412 tasks, +1.5/s; 1,588 more threads until pids.max of /x; full in 18 min'],
    ['receding', 1, -3, 'clamped', 'clamped: 1 task, -3.0/s; 1,588 more threads until pids.max of /x'],
  ])('%s', (_, tasks, perSecond, stage, want) => {
    expect(statusText({ tasks, growth: growth(perSecond), stage, binding })).toBe(want);
  });
  it('nothing binds', () => {
    expect(statusText({ tasks: 2, growth: growth(0), stage: 'calm', binding: undefined })).toBe('2 tasks');
  });
});
