import { describe, expect, it } from 'vitest';
import { guardWords, plainEnv } from '../../src/drill/startGuard.ts';
import { runOptions } from '../fixtures/commandLine.ts';

const order = {
  launcher: '/opt/threadguard',
  kind: 'forks',
  size: { budget: 250, most: 375, inAll: 439 },
  lifeMs: 10_000,
  incidentDir: '/tmp/x',
  env: {},
} as const;

describe('the guard of a drill', () => {
  it('is told the budget, and where the evidence goes', async () => {
    const [file, command, ...words] = guardWords(order);
    expect([file, command]).toEqual(['/opt/threadguard', 'run']);
    const { evidence, output, service, settings, command: bomb } = await runOptions(words);
    expect(settings.budget).toMatchObject({ shares: { host: 1, user: 1, cgroup: 1 } });
    expect(settings.maxTasks).toBe(250);
    expect([settings.until, settings.dryRun, settings.contain]).toEqual(['kill', false, 'auto']);
    expect([evidence.incidentDir, output.logFormat, service.notify, service.name]).toEqual([
      '/tmp/x',
      'json',
      'off',
      'drill',
    ]);
    expect(bomb.join(' ')).toBe('/opt/threadguard drill-bomb --bomb forks --budget 250 --most 375 --life 10000ms');
  });
  it('does not hear what was meant for another guard or another service', () => {
    const env = {
      PATH: '/bin',
      HOME: '/root',
      THREADGUARD_DRY_RUN: 'true',
      THREADGUARD_CONTAIN: 'none',
      _THREADGUARD_LAUNCH: '0 0',
      NOTIFY_SOCKET: '/run/x',
      WATCHDOG_USEC: '3',
      LISTEN_FDS: '1',
      MY_THREADGUARD_: 'kept',
    };
    expect(plainEnv(env)).toEqual({ PATH: '/bin', HOME: '/root', MY_THREADGUARD_: 'kept' });
  });
});
