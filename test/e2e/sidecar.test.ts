import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Box, MISBEHAVE, makeBox, PROBE, sleep, THREADGUARD, until } from './harness.ts';

let box: Box;
beforeEach(() => {
  box = makeBox(1_500);
});
afterEach(() => box.remove());

const start = (flags: readonly string[], command: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
  box.start([THREADGUARD, 'run', '--sidecar', '--incident-dir', box.scratch, ...flags, '--', ...command], { env });
/** A service that does this once it is told to: a guard beside it needs its time to start. */
const whenTold = (script: string) => ['sh', '-c', `until [ -e ${box.scratch}/go ]; do sleep 0.1; done; ${script}`];
const tell = () => writeFileSync(join(box.scratch, 'go'), '');
const pidsIn = (dir: string) =>
  existsSync(join(dir, 'cgroup.procs'))
    ? readFileSync(join(dir, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)
    : [];
const guardPid = () =>
  [box.dir, ...box.inner()]
    .flatMap(pidsIn)
    .find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('threadguard.cjs'));

describe('--sidecar', () => {
  it('the service keeps its pid, its status and its environment', async () => {
    const env = {
      PATH: process.env['PATH'],
      NODE_OPTIONS: '--require /no/such',
      SSL_CERT_FILE: '/no/such',
      UV_THREADPOOL_SIZE: '9',
    };
    const running = start([], ['sh', '-c', 'echo $$; env | sort; exit 42'], env);
    const { code, out } = await running.ended;
    expect(code).toBe(42);
    expect(out.split('\n')[0]).toBe(String(running.child.pid));
    const bare = await box.start(['sh', '-c', 'echo $$; env | sort; exit 42'], { env }).ended;
    expect(out.split('\n').slice(1)).toEqual(bare.out.split('\n').slice(1));
  });
  it('it has no child that it did not make, and the guard ends with it', async () => {
    const running = start([], ['sleep', '600']);
    const { pid } = running.child;
    await until('it is held', () => box.inner().some((dir) => pidsIn(dir).length > 0));
    expect(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')).toBe('');
    const guard = guardPid() as number;
    expect(pidsIn(box.inner()[0] as string)).toEqual([pid]);
    running.child.kill('SIGTERM');
    expect((await running.ended).signal).toBe('SIGTERM');
    await until('the guard has ended', () => !existsSync(`/proc/${guard}`));
    expect([box.inner(), box.tasks()]).toEqual([[], 0]);
  });
  it('a bomb is stopped, with evidence', async () => {
    const running = start(['--max-tasks', '200', '--grace', '0'], whenTold(`exec ${MISBEHAVE} thread 5000 10`));
    await until('it is held', () => box.inner().some((dir) => pidsIn(dir).length > 0));
    tell();
    const { signal } = await running.ended;
    expect(signal).toBe('SIGKILL');
    expect(box.peak()).toBeLessThan(230);
    await until('the page is there', () =>
      readdirSync(box.scratch).some((name) => existsSync(join(box.scratch, name, 'report.html'))),
    );
  });
  it('processes that were there before the guard are taken along', async () => {
    const running = start([], ['sh', '-c', 'sleep 20 & sleep 20 & sleep 20']);
    await until('all are inside', () => box.inner().some((dir) => pidsIn(dir).length === 4));
    running.child.kill('SIGKILL');
  });
  it('a signal to the guard is not one to the service: it is let go and lives on', async () => {
    const running = start(['--max-tasks', '50'], ['sleep', '600']);
    await until('it is held', () => box.inner().some((dir) => pidsIn(dir).length === 1));
    const guard = guardPid() as number;
    process.kill(guard, 'SIGTERM');
    await until('the guard has ended', () => !existsSync(`/proc/${guard}`));
    expect(readFileSync(join(box.inner()[0] as string, 'pids.max'), 'utf8').trim()).toBe('max');
    running.child.kill('SIGTERM');
    expect((await running.ended).signal).toBe('SIGTERM');
  });
  it('a guard that is killed leaves the cap', async () => {
    const running = start(['--max-tasks', '50'], whenTold(`exec ${MISBEHAVE} thread 5000 30`));
    await until('it is held', () => box.inner().some((dir) => pidsIn(dir).length > 0));
    process.kill(guardPid() as number, 'SIGKILL');
    tell();
    const dir = box.inner()[0] as string;
    await until('all of them are taken', () => readFileSync(join(dir, 'pids.current'), 'utf8').trim() === '50');
    await sleep(500);
    expect(readFileSync(join(dir, 'pids.peak'), 'utf8').trim()).toBe('50');
    running.child.kill('SIGKILL');
  });
  it('descriptors of the service are not held open beside it', async () => {
    const running = start([], ['sleep', '20']);
    await until('it is held', () => box.inner().some((dir) => pidsIn(dir).length === 1));
    // One that is closed between the list and the look is nobody's any more.
    const linkOf = (path: string): string[] => {
      try {
        return [readlinkSync(path)];
      } catch {
        return [];
      }
    };
    const links = (pid: number) =>
      readdirSync(`/proc/${pid}/fd`).flatMap((fd) => (fd === '2' ? [] : linkOf(`/proc/${pid}/fd/${fd}`)));
    const guards = links(guardPid() as number);
    for (const link of links(running.child.pid as number))
      if (/^(pipe|socket):/.test(link)) expect(guards).not.toContain(link);
    // Its standard output is a pipe of the test: the guard must not keep that open.
    running.child.kill('SIGKILL');
    await new Promise((resolve) => running.child.stdout?.once('close', resolve));
  });
  it.for([
    [['--restart', 'always'], /--restart cannot be had/],
    [['--capture-stderr'], /--capture-stderr cannot be had/],
    [['--max-task', '5'], /unknown option '--max-task'/],
  ] as const)('what it cannot do is said, and the service runs all the same: %j', async ([flags, want]) => {
    const running = start(flags, ['sh', '-c', 'sleep 0.4; exit 7']);
    const { code, err } = await running.ended;
    expect(code).toBe(7);
    expect(err).toMatch(want);
  });
  it('without -- there is no command to become', async () => {
    const { code, err } = await box.start([THREADGUARD, 'run', '--sidecar', 'true']).ended;
    expect([code, err]).toEqual([125, expect.stringMatching(/no COMMAND was given/)]);
  });
  it('the probe finds what it finds bare', async () => {
    const env = { PATH: process.env['PATH'] };
    // A shell sets PWD where there is none.
    const facts = (out: string) => out.split('\n').filter((line) => !line.startsWith('env PWD='));
    const bare = facts((await box.start([PROBE, 'state'], { env }).ended).out);
    expect(facts((await start(['--quiet'], [PROBE, 'state'], env).ended).out)).toEqual(bare);
  });
});
