import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Box, events, MISBEHAVE, makeBox, sleep, THREADGUARD, until } from './harness.ts';

let box: Box;
beforeEach(() => {
  box = makeBox(1_500);
});
afterEach(() => box.remove());

const QUICK = ['--restart-delay', '50ms', '--restart-max-delay', '100ms'];
const start = (flags: readonly string[], command: readonly string[]) =>
  box.start([
    THREADGUARD,
    'run',
    '--log-format',
    'json',
    '--incident-dir',
    box.scratch,
    ...QUICK,
    ...flags,
    '--',
    ...command,
  ]);
const named = (err: string, name: string) => events(err).filter(({ event }) => event === name);
const lines = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []);
const bomb = ['--max-tasks', '60', '--grace', '0', '--dump-timeout', '0'];

describe('--restart', () => {
  it.for([
    { mode: 'no', code: 3, runs: 1 },
    { mode: 'on-failure', code: 0, runs: 1 },
    { mode: 'on-trip', code: 3, runs: 1 },
  ])('$mode after exit $code: $runs run', async ({ mode, code, runs }) => {
    const log = join(box.scratch, 'log');
    const ended = await start(['--restart', mode], ['sh', '-c', `echo run >>${log}; exit ${code}`]).ended;
    expect([ended.code, lines(log).length]).toEqual([code, runs]);
  });
  it('after failures until it holds; the end of the last run counts', async () => {
    const log = join(box.scratch, 'log');
    const { code, err } = await start(
      ['--restart', 'on-failure'],
      ['sh', '-c', `echo run >>${log}; [ $(wc -l <${log}) -ge 3 ]`],
    ).ended;
    expect([code, lines(log).length]).toEqual([0, 3]);
    expect(named(err, 'restart').map(({ attempt, reason }) => [attempt, reason])).toEqual([
      [1, 'failure'],
      [2, 'failure'],
    ]);
    expect(box.inner()).toEqual([]);
  });
  it('daemons that a run left behind stay in their cgroup, and the next run has one of its own', async () => {
    const { code, err } = await start(
      ['--restart', 'on-failure', '--max-restarts', '2/1m'],
      ['sh', '-c', 'sleep 30 & exit 1'],
    ).ended;
    expect(code).toBe(114);
    expect(named(err, 'contained').map(({ by }) => by)).toEqual(['cgroup-v1', 'cgroup-v1', 'cgroup-v1']);
    expect(box.inner().map((dir) => readFileSync(join(dir, 'pids.current'), 'utf8').trim())).toEqual(['1', '1', '1']);
  });
  it('gives up with 114, and the next guard remembers; a new deploy may try', async () => {
    const script = join(box.scratch, 'service');
    writeFileSync(script, '#!/bin/sh\nexit 5\n', { mode: 0o755 });
    const flags = ['--restart', 'on-failure', '--max-restarts', '2/1m'];
    expect((await start(flags, [script]).ended).code).toBe(114);
    const again = await start(flags, [script]).ended;
    expect([again.code, named(again.err, 'start').length]).toEqual([114, 0]);
    expect(again.err).toMatch(
      /not started: it failed 3 times in 1 min, as .*restarts\/service-\w+\.json remembers\n {2}hint:/,
    );
    writeFileSync(script, '#!/bin/sh\n# better\nexit 0\n', { mode: 0o755 });
    expect((await start(flags, [script]).ended).code).toBe(0);
  });
  it('a state file that was cut short is said and replaced', async () => {
    const file = join(box.scratch, 'state.json');
    writeFileSync(file, '{"schema":"threadguard.restarts/1","deploy":"x","crash');
    const { code, err } = await start(['--restart', 'on-failure', '--state-file', file], ['true']).ended;
    expect(code).toBe(0);
    expect(String(named(err, 'error')[0]?.['msg'])).toMatch(/is damaged \(cut short\?\)/);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ schema: 'threadguard.restarts/1', keeper: null });
  });
  it('a state file that cannot be written costs the memory, not the service', async () => {
    writeFileSync(join(box.scratch, 'none'), '');
    const file = join(box.scratch, 'none', 'deep', 'state.json');
    const { code, err } = await start(['--restart', 'on-failure', '--state-file', file], ['true']).ended;
    expect(code).toBe(0);
    expect(err).toMatch(/restarts are not remembered: cannot write/);
  });
  it('two guards around one service: the second says whose it is', async () => {
    const file = join(box.scratch, 'state.json');
    const flags = ['--restart', 'always', '--state-file', file];
    const first = start(flags, ['sleep', '30']);
    await until('the first runs', () => named(first.err(), 'start').length > 0);
    const second = await start(flags, ['sleep', '30']).ended;
    expect(second.code).toBe(125);
    expect(second.err).toMatch(new RegExp(`another threadguard \\(pid ${first.child.pid}\\) keeps`));
    first.child.kill('SIGTERM');
    expect((await first.ended).signal).toBe('SIGTERM');
  });
  it('a guard around a guard is refused', async () => {
    const { code, err } = await start([], [THREADGUARD, 'run', '--', 'true']).ended;
    expect([code, /guarded already/.test(err)]).toEqual([125, true]);
  });
  it.for(['SIGTERM', 'SIGINT'] as const)('%s ends it: what was asked to end is not started again', async (signal) => {
    const running = start(['--restart', 'always'], ['sleep', '30']);
    await until('it runs', () => named(running.err(), 'start').length > 0);
    await sleep(100);
    running.child.kill(signal);
    expect((await running.ended).signal).toBe(signal);
    expect(named(running.err(), 'restart')).toEqual([]);
  });
  it('a signal ends the wait between two runs', async () => {
    const running = start(['--restart', 'always', '--restart-delay', '10h', '--restart-max-delay', '10h'], ['false']);
    await until('it waits', () => named(running.err(), 'restart').length > 0);
    running.child.kill('SIGTERM');
    const { code, err, signal } = await running.ended;
    expect([code, signal], err).toEqual([null, 'SIGTERM']);
  });
  it('what it opens for a run is closed after it', async () => {
    const running = start(
      ['--restart', 'always', '--max-restarts', '100/1m', '--restart-delay', '1ms', '--restart-max-delay', '1ms'],
      ['false'],
    );
    const runs = () => named(running.err(), 'restart').length;
    // A run opens about twenty and closes them: what stays is the lowest count of many runs, not that of one moment.
    const lowest = async (last: number) => {
      let least = Infinity;
      await until(`run ${last}`, () => {
        least = Math.min(least, readdirSync(`/proc/${running.child.pid}/fd`).length);
        return runs() >= last;
      });
      return least;
    };
    await until('it runs', () => runs() >= 1);
    const before = await lowest(25);
    const after = await lowest(50);
    // One that is left in each run would be 25 more.
    expect(after).toBeLessThanOrEqual(before + 10);
    running.child.kill('SIGTERM');
    await running.ended;
  });
});

describe('a bad deploy', () => {
  it('trips are counted apart, each leaves its evidence, and at the end it is 114', async () => {
    const { code, err } = await start(
      [
        '--restart',
        'on-trip',
        '--max-restarts',
        '2/1m',
        '--max-tasks',
        '60',
        '--grace',
        '0',
        '--dump-timeout',
        '200ms',
      ],
      [MISBEHAVE, 'thread', '5000', '10'],
    ).ended;
    expect(code).toBe(114);
    expect(named(err, 'restart').map(({ crashes, trips }) => [crashes, trips])).toEqual([
      [0, 1],
      [0, 2],
    ]);
    const incidents = readdirSync(box.scratch).filter((name) => name.startsWith('20'));
    expect(incidents).toHaveLength(3);
    for (const name of incidents) expect(statSync(join(box.scratch, name, 'report.html')).size).toBeGreaterThan(1_000);
    expect(box.inner()).toEqual([]);
  });
  it('--on-trip-exec runs with what it needs to know', async () => {
    const told = join(box.scratch, 'told');
    const { code, err } = await start(
      [...bomb, '--dump-timeout', '200ms', '--name', 'orders', '--on-trip-exec', `env >${told}; exit 0`],
      [MISBEHAVE, 'thread', '5000', '10'],
    ).ended;
    expect(code).toBe(113);
    const env = readFileSync(told, 'utf8');
    expect(env).toMatch(/^THREADGUARD_EVENT=trip$/m);
    expect(env).toMatch(/^THREADGUARD_TARGET=command:orders$/m);
    expect(env).toMatch(/^THREADGUARD_REASON=.*--max-tasks 60/m);
    expect(existsSync(join(/^THREADGUARD_INCIDENT=(.*)$/m.exec(env)?.[1] ?? '', 'incident.json'))).toBe(true);
    expect(named(err, 'rollback')).toHaveLength(1);
  });
  it.for([
    { name: 'hangs', command: 'sleep 60 & sleep 60', want: /hung and was killed after 300 ms/ },
    { name: 'fails', command: 'exit 9', want: /ended with exit 9/ },
    { name: 'is none', command: 'no-such-rollback', want: /ended with exit 127/ },
  ])('a rollback command that $name is said, and the guard goes on', async ({ command, want }) => {
    const { code, err } = await start(
      [...bomb, '--on-trip-exec', command, '--on-trip-timeout', '300ms'],
      [MISBEHAVE, 'thread', '5000', '10'],
    ).ended;
    expect(code).toBe(113);
    expect(String(named(err, 'error')[0]?.['msg'])).toMatch(want);
  });
});

describe('the same without a cgroup', () => {
  it('the helper of the guard is no part of its target', async () => {
    const told = join(box.scratch, 'told');
    const { code } = await start(
      ['--contain', 'none', ...bomb, '--on-trip-exec', `echo yes >${told}`],
      [MISBEHAVE, 'thread', '5000', '10'],
    ).ended;
    expect([code, lines(told)]).toEqual([113, ['yes']]);
  });
});
