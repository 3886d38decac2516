import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Box, makeBox, sleep, THREADGUARD, until } from './harness.ts';

const PYTHON = '/usr/bin/python3';

let box: Box;
beforeEach(() => {
  box = makeBox(200);
});
afterEach(() => box.remove());

/** Runs it guarded beside a service manager that listens; `told` has its datagrams. */
async function managed(flags: readonly string[], env: NodeJS.ProcessEnv, ...command: string[]) {
  const socket = join(box.scratch, 'notify');
  const manager = box.start([PYTHON, 'test/programs/manager.py', socket]);
  await until('the manager listens', () => manager.out().includes('listening'));
  const running = box.start([THREADGUARD, 'run', '--quiet', ...flags, '--', ...command], {
    env: { ...process.env, NOTIFY_SOCKET: socket, ...env },
  });
  return { told: () => manager.out().split('\n').slice(1, -1), running };
}

describe('a service manager', () => {
  it('hears from the guard: ready, its state, that its loop turns, that it stops', async () => {
    const { running, told } = await managed([], { WATCHDOG_USEC: '400000' }, 'sleep', '20');
    await until('it is ready', () => told().some((text) => /^READY=1\|STATUS=1 task;/.test(text)));
    await until('it is alive', () => told().filter((text) => text === 'WATCHDOG=1').length >= 5);
    running.child.kill('SIGTERM');
    expect((await running.ended).signal).toBe('SIGTERM');
    expect(told()).toContain('STOPPING=1');
  });
  it('hears no more of a guard that is stopped: its watchdog will expire', async () => {
    const { running, told } = await managed([], { WATCHDOG_USEC: '200000' }, 'sleep', '20');
    await until('it is alive', () => told().includes('WATCHDOG=1'));
    running.child.kill('SIGSTOP');
    await sleep(100);
    const before = told().length;
    await sleep(500);
    expect(told().length).toBe(before);
    running.child.kill('SIGCONT');
    running.child.kill('SIGTERM');
    await running.ended;
  });
  it('--notify child: hears what the command says, from the guard', async () => {
    const script = `import os, socket, time
end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
end.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
time.sleep(0.3)
end.send(b"READY=1\\nSTATUS=pid %d of %s\\nMAINPID=1" % (os.getpid(), os.environ["WATCHDOG_PID"].encode()))
time.sleep(20)`;
    const { running, told } = await managed(
      ['--notify', 'child'],
      { WATCHDOG_USEC: '400000' },
      ...[PYTHON, '-c', script],
    );
    await until('it is ready', () => told().includes('READY=1'));
    await until('its status came', () => told().some((text) => /^STATUS=pid (\d+) of \1 \(/.test(text)));
    expect(told().join()).not.toContain('MAINPID');
    running.child.kill('SIGTERM');
    await running.ended;
  });
  it('--notify child: hears nothing that another user says in the name of the command', async () => {
    const command = ['sh', '-c', 'echo $NOTIFY_SOCKET; exec sleep 20'];
    const { running, told } = await managed(['--notify', 'child'], { WATCHDOG_USEC: '400000' }, ...command);
    await until('the guard speaks', () => told().some((text) => text.startsWith('STATUS=')));
    await until('its name is known', () => running.out().endsWith('\n'));
    const name = running.out().trim();
    // Anybody can read it.
    expect(readFileSync('/proc/net/unix', 'latin1')).toContain(name);
    const script = `import os, socket, sys
os.setgid(65534); os.setuid(65534)
end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
end.sendto(b"READY=1\\nSTOPPING=1\\nSTATUS=not mine\\nWATCHDOG=trigger", "\\0" + sys.argv[1][1:])`;
    const { code, err } = await box.start([PYTHON, '-c', script, name]).ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await until('it is said', () => /of uid 65534 sent a notification in the name/.test(running.err()));
    expect(told().join()).not.toMatch(/READY|STOPPING|not mine|trigger/);
    running.child.kill('SIGTERM');
    await running.ended;
  });
  it('--notify child: hears what a helper in the tree says', async () => {
    const helper = `import os, socket, time
end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
end.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
end.send(b"READY=1\\nSTATUS=from a helper")
time.sleep(20)`;
    // A double fork with a session of its own: neither the parent nor the session leads back to the command.
    const script = `setsid ${PYTHON} -c '${helper}' & sleep 20`;
    const { running, told } = await managed(['--notify', 'child'], {}, 'sh', '-c', script);
    await until('it is ready', () => told().includes('READY=1'));
    await until('its status came', () => told().some((text) => text.startsWith('STATUS=from a helper (')));
    running.child.kill('SIGTERM');
    await running.ended;
  });
  it('that is gone is named, and the command runs with what it was given', async () => {
    const { code, err, out } = await box.start([THREADGUARD, 'run', '--', 'sh', '-c', 'echo $NOTIFY_SOCKET'], {
      env: { ...process.env, NOTIFY_SOCKET: '/nowhere/notify' },
    }).ended;
    expect({ code, out }).toEqual({ code: 0, out: '/nowhere/notify\n' });
    expect(err).toContain('the service manager at /nowhere/notify cannot be told anything (ENOENT)');
  });
});

describe('threadguard unit', () => {
  /** What systemd itself says of it; nothing is good. */
  const verify = (file: string): string =>
    execFileSync('sh', ['-c', 'systemd-analyze verify --man=no "$0" 2>&1 || true', file], { encoding: 'utf8' });
  const unit = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    box.start([THREADGUARD, 'unit', ...words], { env: { ...process.env, ...env } }).ended;

  it('prints one that systemd takes as it is', async () => {
    const words = ['--user', 'daemon', 'odd', '--max-tasks', '500', '--', 'sh', '-c', 'echo "100% $HOME"; sleep 1'];
    const { code, out } = await unit(words);
    expect(code).toBe(0);
    expect(out).toContain('--max-tasks 500 -- ');
    const file = join(box.scratch, 'odd.service');
    writeFileSync(file, out);
    expect(verify(file)).toBe('');
  });
  it('--drop-in wraps a service with what changes it already', async () => {
    const file = join(box.scratch, 'app.service');
    const dir = `${file}.d`;
    mkdirSync(dir);
    writeFileSync(file, '[Service]\nType=forking\nExecStart=/bin/false\n');
    writeFileSync(join(dir, '10-own.conf'), '[Service]\nType=notify\nExecStart=\nExecStart=/bin/sleep 5\n');
    const { code, out } = await unit(['--drop-in', 'app.service', '--grace', '3s'], { SYSTEMD_UNIT_PATH: box.scratch });
    expect(code).toBe(0);
    expect(out).toContain('--notify child --grace 3s -- /bin/sleep 5\n');
    writeFileSync(join(dir, '50-threadguard.conf'), out);
    expect(verify(file)).toBe('');
    // Made again, it does not wrap itself.
    expect((await unit(['--drop-in', 'app', '--grace', '3s'], { SYSTEMD_UNIT_PATH: box.scratch })).out).toBe(out);
  });
  it.each([
    ['a name with a slash', ['a/b', '--', 'true'], /"a\/b" is no name for a unit/],
    ['no command', ['web'], /no COMMAND was given/],
    ['no such command', ['web', '--', 'no-such-command'], /command not found/],
    ['a flag that run would refuse', ['web', '--max-task', '5', '--', 'true'], /max-tasks/],
    ['a service that is not there', ['--drop-in', 'nowhere'], /there is no nowhere\.service/],
    ['two commands', ['--drop-in', 'web', '--', 'true'], /has a command already/],
  ])('%s is refused with a hint', async (_, words, want) => {
    const { code, err } = await unit(words);
    expect(code).not.toBe(0);
    expect(err).toMatch(want);
    expect(err).toContain('hint:');
  });
});
