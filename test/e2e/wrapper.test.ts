import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Box, MISBEHAVE, makeBox, PROBE, THREADGUARD, until } from './harness.ts';

let box: Box;
beforeEach(() => {
  box = makeBox(500);
});
afterEach(() => box.remove());

/** The same scenario through every wrapper; each row says who may differ from the bare command, and how. */
const WRAPPERS: Readonly<Record<string, readonly string[]>> = {
  bare: [],
  tini: ['tini', '-s', '--'],
  'dumb-init': ['dumb-init', '--'],
  timeout: ['timeout', '60'],
  threadguard: [THREADGUARD, 'run', '--quiet', '--'],
};
const through = (wrapper: string, command: string[], options?: Parameters<Box['start']>[1]) =>
  box.start([...(WRAPPERS[wrapper] as string[]), ...command], options).ended;

describe('differential: what the command finds', () => {
  const facts = async (wrapper: string, env: NodeJS.ProcessEnv) =>
    (await through(wrapper, [PROBE, 'state'], { env })).out.split('\n');
  it('environment, directory, umask, limits, masks, priority and descriptors are those of the bare command', async () => {
    const env = {
      PATH: process.env['PATH'],
      'BASH_FUNC_x%%': '() { :; }',
      EMPTY: '',
      'odd.name': 'a=b',
      NODE_OPTIONS: '--no-warnings',
      UV_THREADPOOL_SIZE: '9',
      MULTI: 'a\nb',
    };
    const bare = await facts('bare', env);
    expect(await facts('threadguard', env)).toEqual(bare);
    expect(bare.join()).toContain('BASH_FUNC_x%%');
  });
  it('signals ignored by nohup stay ignored', async () => {
    const nohup = (...wrapper: string[]) =>
      box.start(['nohup', ...wrapper, PROBE, 'state'], { env: { PATH: process.env['PATH'] } }).ended;
    const ignored = ({ out }: { out: string }) => out.split('\n').find((line) => line.startsWith('SigIgn'));
    const bare = ignored(await nohup());
    expect(bare).toMatch(/1$/);
    expect(ignored(await nohup(THREADGUARD, 'run', '--quiet', '--'))).toBe(bare);
  });
  it('a NODE_OPTIONS that breaks Node does not break the guard', async () => {
    const { code, out } = await through('threadguard', ['printenv', 'NODE_OPTIONS'], {
      env: { ...process.env, NODE_OPTIONS: '--require /no/such/file' },
    });
    expect([code, out]).toEqual([0, '--require /no/such/file\n']);
  });
});

describe('variables of Node, libuv, OpenSSL and the loader are the command’s', () => {
  const given = () => ({
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_DEBUG: 'http,fs',
    NODE_REDIRECT_WARNINGS: join(box.scratch, 'warnings'),
    NODE_OPTIONS: '--require /no/such/file',
    NODE_EXTRA_CA_CERTS: '/no/such/ca',
    NODE_PENDING_DEPRECATION: '1',
    NODE_OF_A_LATER_VERSION: 'two\nlines\nexport NODE_MADE_UP=x',
    UV_THREADPOOL_SIZE: '9',
    SSL_CERT_FILE: '/no/such/cert',
    SSL_CERT_DIR: '',
    OPENSSL_CONF: '/no/such/conf',
    SSLKEYLOGFILE: join(box.scratch, 'keys'),
    // Found by its name wherever it lies.
    LD_PRELOAD: 'libm.so.6',
  });
  // The environment of the command, and that of its parent, which is the guard.
  const script = `const { readFileSync } = require('node:fs');
const read = (pid) => readFileSync('/proc/' + pid + '/environ', 'utf8').split('\\0').filter(Boolean).sort();
process.stdout.write(JSON.stringify({ own: read('self'), guard: read(process.ppid) }));`;
  const look = ['env', '-u', 'NODE_OPTIONS', '-u', 'NODE_REDIRECT_WARNINGS', process.execPath, '-e', script];
  const isTheirs = (entry: string) => /^(NODE|SSL|OPENSSL|LD_PRELOAD)/.test(entry);
  const entries = (env: NodeJS.ProcessEnv) => Object.entries(env).map(([name, value]) => `${name}=${value}`);

  it('the guard has none of them, the command has all of them', async () => {
    const env = { PATH: process.env['PATH'], ...given() };
    const bare = await box.start(['printenv', '-0'], { env }).ended;
    const guarded = await through('threadguard', ['printenv', '-0'], { env });
    expect(guarded.code).toBe(0);
    expect(guarded.out.split('\0').sort()).toEqual(bare.out.split('\0').sort());
    const { code, err, out } = await through('threadguard', look, { env: { ...env, NODE_DEBUG: 'http' } });
    expect({ code, err }).toMatchObject({ code: 0, err: expect.not.stringMatching(/^(HTTP|FS) /m) });
    const seen = JSON.parse(out) as { own: string[]; guard: string[] };
    expect(seen.guard.filter(isTheirs)).toEqual([]);
    expect(seen.guard).toContain('UV_THREADPOOL_SIZE=3');
    expect(seen.own).toContain('NODE_TLS_REJECT_UNAUTHORIZED=0');
    expect([existsSync(join(box.scratch, 'warnings')), existsSync(join(box.scratch, 'keys'))]).toEqual([false, false]);
  });
  it('also where the environment is too large to be noted down', async () => {
    const large = { LARGE_A: 'a'.repeat(100_000), LARGE_B: 'b'.repeat(100_000) };
    const env = { PATH: process.env['PATH'], ...given(), ...large };
    const { code, out } = await through('threadguard', ['printenv', '-0'], { env });
    expect(code).toBe(0);
    const found = out.split('\0').filter(Boolean);
    expect(found).toEqual(expect.arrayContaining(entries(env)));
    expect(found.filter((entry) => entry.startsWith('_THREADGUARD') || entry.startsWith('NODE_MADE_UP'))).toEqual([]);
  });
  it('every other command runs without them, too', async () => {
    const { code, err } = await box.start([THREADGUARD, 'limits'], { env: { ...process.env, ...given() } }).ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });
});

describe('differential: how it ends', () => {
  it.for([0, 1, 42, 113, 124, 126, 127, 200, 255])('exit %i', async (code) => {
    for (const wrapper of Object.keys(WRAPPERS))
      expect((await through(wrapper, [PROBE, 'exit', String(code)])).code, wrapper).toBe(code);
  });
  it.for([
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGQUIT', 3],
    ['SIGABRT', 6],
    ['SIGKILL', 9],
    ['SIGSEGV', 11],
    ['SIGPIPE', 13],
    ['SIGTERM', 15],
    ['SIGXFSZ', 25],
  ] as const)('death by %s is death by the same signal (tini and dumb-init say 128+n)', async ([name, number]) => {
    const bare = await through('bare', [PROBE, 'die', String(number)]);
    const guarded = await through('threadguard', [PROBE, 'die', String(number)]);
    expect([bare.signal, guarded.signal]).toEqual([name, name]);
    expect((await through('tini', [PROBE, 'die', String(number)])).code).toBe(128 + number);
  });
  it.for([
    ['no-such-command', 127],
    ['/etc/passwd', 126],
    ['/etc', 126],
  ] as const)('%s ends in %i with one clear line', async ([command, want]) => {
    const { code, err } = await through('threadguard', [command]);
    expect(code).toBe(want);
    expect(err).toMatch(/^threadguard: .*\n {2}hint: .*\n$/);
  });
});

describe('limits of the command', () => {
  it('RLIMIT_FSIZE ends neither the guard, whose log is full, nor the command', async () => {
    const log = join(box.scratch, 'log');
    const guarded = `${THREADGUARD} run --log-format json --log-file ${log} -- sh -c 'sleep 0.5; ulimit -f; exit 7'`;
    const { code, err, out } = await box.start(['sh', '-c', `ulimit -f 1; exec ${guarded}`]).ended;
    expect([code, out], err).toEqual([7, '1\n']);
  });
  it.for([
    ['nice', 'ps -o ni= -p $$', 'nice -n 5'],
    ['a better nice', 'ps -o ni= -p $$', 'nice -n -5'],
    ['the policy of batch jobs', 'chrt -p $$ | cut -d: -f2', 'chrt -b 0'],
    ['the policy of idle jobs, and nice', 'chrt -p $$ | cut -d: -f2; ps -o ni= -p $$', 'nice -n 7 chrt -i 0'],
    ['a real-time priority', 'chrt -p $$ | cut -d: -f2', 'chrt -r 20'],
    ['the class of its reads and writes', 'ionice -p $$', 'ionice -c 3'],
    ['the processors that it may use', 'taskset -p $$ | cut -d: -f2', 'taskset -c 0'],
    ['the score of the OOM killer', 'cat /proc/self/oom_score_adj', 'choom -n 300 --'],
  ] as const)('%s is the one that the guard was started with, also after a restart', async ([, ask, prefix]) => {
    const counter = join(box.scratch, 'counter');
    const script = `${ask}; echo x >>${counter}; [ $(wc -l <${counter}) -gt 1 ]`;
    const bare = await box.start(['sh', '-c', `exec ${prefix} sh -c '${ask}'`]).ended;
    const flags = '--quiet --restart on-failure --restart-delay 1ms';
    const guarded = `exec ${prefix} ${THREADGUARD} run ${flags} --state-file ${counter}.state -- sh -c "$0"`;
    const { code, err, out } = await box.start(['sh', '-c', guarded, script]).ended;
    expect([code, out], err).toEqual([0, bare.out + bare.out]);
  });
});

describe('processes that outlive the command', () => {
  const daemons = ['sh', '-c', 'sleep 60 & sleep 60 & exit 3'];
  it('live on, and that is said', async () => {
    const { code, err } = await box.start([THREADGUARD, 'run', '--', ...daemons]).ended;
    expect([code, box.tasks()], err).toEqual([3, 2]);
    expect(err).toMatch(/still alive: 2 tasks that it left behind \(pids cgroup /);
  });
  it('are ended with --on-daemons kill, also one that ignores SIGTERM', async () => {
    const stubborn = ['sh', '-c', 'sleep 60 & (trap "" TERM; sleep 60; sleep 60) & sleep 0.2; exit 3'];
    const flags = ['--on-daemons', 'kill', '--grace', '300ms'];
    const { code, err } = await box.start([THREADGUARD, 'run', ...flags, '--', ...stubborn]).ended;
    expect([code, box.tasks(), box.inner()], err).toEqual([3, 0, []]);
    expect(err).toMatch(/ended what outlived it: \d tasks \(--on-daemons kill\)/);
  });
});

describe('signals', () => {
  it.for([
    'SIGHUP',
    'SIGINT',
    'SIGQUIT',
    'SIGTERM',
    'SIGUSR1',
    'SIGUSR2',
    'SIGALRM',
    'SIGCONT',
    'SIGWINCH',
    'SIGABRT',
    'SIGTRAP',
    'SIGURG',
    'SIGIO',
    'SIGPWR',
    'SIGSYS',
    'SIGXCPU',
  ] as const)('%s arrives once', async (signal) => {
    const running = box.start([THREADGUARD, 'run', '--quiet', '--', PROBE, 'signals', '9', '900']);
    await until('the probe waits', () => running.out().includes('ready'));
    running.child.kill(signal);
    const { out, code } = await running.ended;
    expect(out.match(/signal \d+/g)).toHaveLength(1);
    expect(code).toBe(0);
  });
  it('^C on a terminal arrives once: the terminal sends it to the whole group already', async () => {
    // `exec`: a shell that stayed between (dash does, bash does not) would answer the ^C with 130 of its own.
    const command = `exec ${THREADGUARD} run --quiet -- ${PROBE} signals 9 900`;
    const running = box.start(['script', '-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'pipe'] });
    await until('the probe waits', () => running.out().includes('ready'));
    running.child.stdin?.write('\u0003');
    const { out, code } = await running.ended;
    expect(out.match(/signal \d+/g)).toEqual(['signal 2']);
    expect(code).toBe(0);
  });
  it('as PID 1 it reaps what its target orphans', async () => {
    const orphans =
      'for i in 1 2 3 4 5; do (sh -c "exit 0" & exec true); done; sleep 1; grep -l "^State:.Z" /proc/[0-9]*/status | wc -l';
    const inside = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
    const running = box.start([
      ...inside,
      THREADGUARD,
      'run',
      '--quiet',
      '--contain',
      'none',
      '--',
      'sh',
      '-c',
      orphans,
    ]);
    const { out, code, err } = await running.ended;
    expect([out.trim(), code], err).toEqual(['0', 0]);
  });
  it('under hidepid a plain user is still guarded, by its own part of /proc', async () => {
    const hidden =
      'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"';
    const running = box.start([
      ...['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', hidden, 'sh'],
      ...['env', 'HOME=/nonexistent', THREADGUARD, 'run', '--max-tasks', '300', '--grace', '0'],
      ...['--', MISBEHAVE, 'thread', '9999', '10'],
    ]);
    const { code, err } = await running.ended;
    expect(code, err).toBe(113);
    expect(err).toContain('RLIMIT_NPROC');
    expect(box.peak()).toBeLessThanOrEqual(300 + 24);
  });
  it('each SIGTERM is handed on, none is turned into a kill', async () => {
    const running = box.start([THREADGUARD, 'run', '--quiet', '--', PROBE, 'signals', '2', '5000']);
    await until('the probe waits', () => running.out().includes('ready'));
    running.child.kill('SIGTERM');
    await until('it has the first', () => running.out().includes('signal 15'));
    running.child.kill('SIGTERM');
    expect((await running.ended).out).toBe('ready\nsignal 15\nsignal 15\n');
  });
});

it('a service in which nothing that was written may be executed: the guard runs without its compiler', async () => {
  const nowx = ['python3', 'test/programs/nowx.py'];
  const start = (...command: string[]) =>
    box.start([...nowx, ...command], { env: { ...process.env, INVOCATION_ID: '1' } });
  const flags = ['--max-tasks', '60', '--grace', '500ms', '--incident-dir', box.scratch];
  const { code, err } = await start(THREADGUARD, 'run', ...flags, '--', MISBEHAVE, 'thread', '200', '10').ended;
  expect(code, err).toBe(113);
  expect(err).toMatch(/^threadguard: guarding/);
  expect(err).toMatch(/dump: stacks of \d+ of 60 tasks/);
});

describe('descriptors that were inherited', () => {
  const inBash = (script: string) => box.start(['bash', '-c', script], { cwd: box.scratch }).ended;
  it('get through under their numbers, and none of the guard with them', async () => {
    const list = `for fd in /proc/self/fd/*; do readlink $fd; done`;
    const open = 'exec 3<data 9>lock 14<&3 15>&1 40>far';
    writeFileSync(join(box.scratch, 'data'), 'hello');
    const names = async (wrapper: string) =>
      (
        await inBash(
          `${open}; ${wrapper} bash -c 'ls -l /proc/self/fd | sed "s/.* \\([0-9]* -> \\)/\\1/; /proc/d; s/pipe:.*/a pipe/; s/socket:.*/a socket/"'; ${list} >/dev/null`,
        )
      ).out;
    const bare = await names('');
    expect(bare).toMatch(/^9 -> \S*\/lock$/m);
    expect(await names(`${THREADGUARD} run --quiet --`)).toBe(bare);
    expect(await names(`${THREADGUARD} run --quiet --restart on-trip --`)).toBe(bare);
  });
  it('a process substitution of the shell', async () => {
    const { out } = await inBash(`${THREADGUARD} run --quiet -- cat /dev/fd/5 5< <(echo substituted)`);
    expect(out).toBe('substituted\n');
  });
  it('a lock is held as long as the command runs, and free after it', async () => {
    const { out } = await inBash(
      `exec 9>lock; flock 9; ${THREADGUARD} run --quiet -- sleep 1 & exec 9>&-; flock -n lock echo free || echo held; wait; flock -n lock echo free`,
    );
    expect(out).toBe('held\nfree\n');
  });
  it('a jobserver reaches the make in the guard', async () => {
    writeFileSync(join(box.scratch, 'Makefile'), `all:\n\t+@${THREADGUARD} run --quiet -- $(MAKE) -f inner\n`);
    // Each job waits for the other one: alone neither would end.
    const wait = (own: string, other: string) =>
      `${own}:\n\t@touch ${own}; for i in $$(seq 100); do [ -e ${other} ] && exit 0; sleep 0.1; done; exit 1\n`;
    writeFileSync(join(box.scratch, 'inner'), `all: one two\n${wait('one', 'two')}${wait('two', 'one')}`);
    const { code, err } = await box.start(['make', '-s', '-j2'], { cwd: box.scratch }).ended;
    expect([code, err]).toEqual([0, '']);
  });
});

it('LISTEN_FDS descriptors get through, with their pid', async () => {
  const file = join(box.scratch, 'data');
  writeFileSync(file, 'hello');
  const socket = openSync(file, 'r');
  const activated = await box.start(
    [
      'sh',
      '-c',
      `LISTEN_FDS=1 LISTEN_PID=$$ exec ${THREADGUARD} run --quiet -- sh -c 'cat <&3; [ $LISTEN_PID = $$ ] && echo mine'`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe', socket] },
  ).ended;
  expect(activated.out).toBe('hellomine\n');
});

it('what comes after -- is the command’s, help and all', async () => {
  expect((await through('threadguard', ['echo', '--help', '--budget', '-x'])).out).toBe('--help --budget -x\n');
});

it('--version is that of the package', async () => {
  const { code, out } = await box.start([THREADGUARD, '--version']).ended;
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  expect({ code, out }).toEqual({ code: 0, out: `${version}\n` });
});

it.for(['--help', '--version', 'limits', 'doctor', 'completion bash', 'help run', 'config schema'])(
  '%s to a full disk fails, to a reader that has seen enough it does not',
  async (words) => {
    const full = await box.start(['sh', '-c', `${THREADGUARD} ${words} >/dev/full`]).ended;
    expect([full.code, full.err]).toEqual([
      125,
      expect.stringMatching(/^threadguard: cannot write to stdout \(ENOSPC\)\n {2}hint: /),
    ]);
    const head = await box.start(['bash', '-c', `${THREADGUARD} ${words} | true; echo "\${PIPESTATUS[0]}"`]).ended;
    expect([head.out, head.err]).toEqual(['0\n', '']);
  },
);

describe('refusals', () => {
  const refuse = async (want: number, ...args: string[]) => {
    const { code, err } = await box.start([THREADGUARD, ...args]).ended;
    expect(code, err).toBe(want);
    expect(err).toMatch(/^threadguard: .*\n {2}hint: .*\n$/);
    return err;
  };
  it.for([
    ['an unknown flag', ['run', '--max-task', '5', '--', 'true'], /max-tasks/],
    ['--budget 150%', ['run', '--budget', '150%', '--', 'true'], /at most 100%/],
    ['--budget of no ceiling', ['run', '--budget', 'pid_max=5%', '--', 'true'], /kernel.pid_max/],
    ['--grace banana', ['run', '--grace', 'banana', '--', 'true'], /10s/],
    ['no COMMAND', ['run'], /COMMAND/],
    ['a descriptor that is not open', ['run', '--pass-fd', '77', '--', 'true'], /77/],
    ['an unknown command', ['rum', '--', 'true'], /run/],
    ['an incident directory that cannot be made', ['run', '--incident-dir', '/proc/x', '--', 'true'], /--incident-dir/],
    ['a log file in no directory', ['run', '--log-file', '/no/such/dir/log', '--', 'true'], /--log-file/],
    ['a log file on a full disk', ['run', '--log-file', '/dev/full', '--', 'true'], /ENOSPC|space/],
    ['RLIMIT_NPROC for root', ['run', '--contain', 'rlimit', '--', 'true'], /uid 0/],
  ] as const)('%s → 125', async ([, args, says]) => {
    expect(await refuse(125, ...args)).toMatch(says);
  });
  it('a directory that is gone', async () => {
    const dir = join(box.scratch, 'gone');
    mkdirSync(dir);
    const { code, err } = await box.start(['sh', '-c', `cd ${dir} && rmdir ${dir} && exec ${THREADGUARD} run -- true`])
      .ended;
    expect([code, err]).toEqual([125, expect.stringContaining('hint:')]);
  });
  it('a directory that may not be entered', async () => {
    const dir = join(box.scratch, 'locked');
    mkdirSync(dir);
    chmodSync(box.scratch, 0o755);
    const { code, err } = await box.start([
      'sh',
      '-c',
      `cd ${dir} && chmod 0 . && exec setpriv --reuid=65534 --regid=65534 --clear-groups ${THREADGUARD} run -- true`,
    ]).ended;
    expect([code, err]).toEqual([125, expect.stringContaining('hint:')]);
  });
  it('a machine that is nearly full is said no to, in time and in words', async () => {
    for (const free of [2, 4, 8]) {
      const full = makeBox(free + 1);
      const { code, err } = await full.start(['timeout', '10', THREADGUARD, 'run', '--', 'true']).ended;
      await full.remove();
      expect([code, err], `${free} free`).toEqual([125, expect.stringContaining('hint:')]);
    }
  });
});

it.each([20, 127])('with %i open files it refuses in one line, before anything starts', async (most) => {
  const { code, err, out } = await box.start(['sh', '-c', `ulimit -Sn ${most}; exec ${THREADGUARD} run -- echo ran`])
    .ended;
  expect([code, out]).toEqual([125, '']);
  expect(err).toBe(
    `threadguard: only ${most} files may be open here, and the guard needs 128\n  hint: raise the limit: LimitNOFILE= of the unit, or ulimit -n\n`,
  );
});

it('128 open files are enough for a whole incident', async () => {
  const guard = `${THREADGUARD} run --max-tasks 60 --grace 0 --incident-dir ${box.scratch} -- ${MISBEHAVE} thread 999 9`;
  const { code, err } = await box.start(['sh', '-c', `ulimit -n 128; exec ${guard}`]).ended;
  expect([code, err.includes('EMFILE')], err).toEqual([113, false]);
  expect(err).toMatch(/evidence: \S+/);
});

it('a log that is a FIFO is never waited for', async () => {
  const log = join(box.scratch, 'log');
  execFileSync('mkfifo', [log]);
  const run = () => box.start([THREADGUARD, 'run', '--log-file', log, '--', 'echo', 'ran']).ended;
  expect(await run()).toMatchObject({ code: 125, err: expect.stringContaining('(ENXIO)\n  hint: it is a FIFO') });
  // Full, with a reader that does not read.
  const reader = openSync(log, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    expect(() => {
      for (;;) writeSync(reader, Buffer.alloc(4_096));
    }).toThrow('EAGAIN');
    expect(await run()).toMatchObject({ code: 0, out: 'ran\n' });
  } finally {
    closeSync(reader);
  }
});

it('a stderr that nobody reads never stalls the loop', async () => {
  const fifo = join(box.scratch, 'fifo');
  // The pipe is full from the start: 64 KiB, and somebody who holds it open without reading.
  const script = `mkfifo ${fifo}; sleep 30 <${fifo} & exec 2>${fifo}; head -c 65536 /dev/zero >&2; exec "$@"`;
  const running = box.start([
    'sh',
    '-c',
    script,
    'sh',
    THREADGUARD,
    'run',
    '--log-format',
    'json',
    '--max-tasks',
    '60',
    '--grace',
    '0',
    '--',
    MISBEHAVE,
    'thread',
  ]);
  const { code } = await running.ended;
  expect(code).toBe(113);
});

it('the log file gets every event, and stderr none', async () => {
  const log = join(box.scratch, 'guard.log');
  const { code, err } = await box.start([THREADGUARD, 'run', '--log-format', 'json', '--log-file', log, '--', 'true'])
    .ended;
  expect([code, err]).toEqual([0, '']);
  expect(
    readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).event),
  ).toEqual(['start', 'contained', 'sample', 'exit']);
});

it('the reader of its log may go away: the command lives on', async () => {
  const told = join(box.scratch, 'told');
  const words = `${THREADGUARD} run -- sh -c 'sleep 0.5; echo survived >${told}'`;
  await box.start(['sh', '-c', `${words} 2>&1 >/dev/null | true; sleep 1`]).ended;
  expect(readFileSync(told, 'utf8')).toBe('survived\n');
});
