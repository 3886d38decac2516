import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CEILING, makeBox, READY, sleep, THREADGUARD, until } from './harness.ts';

const UID = 61_235;
const AS_UID = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups'];
/** Lets the probe go at once, and hold what it made for a moment. */
const probe = (kind: string, stackKiB = 0) => [
  'sh',
  '-c',
  `(sleep 0.1; echo go; sleep 0.5) | ${CEILING} ${kind} ${stackKiB}`,
];

interface Explained {
  readonly verdict: string;
  readonly ceiling: string | null;
  readonly path: string | null;
  readonly evidence: readonly string[];
  readonly alternatives: readonly string[];
}

async function explain(command: readonly string[], options: { cap?: number; flags?: readonly string[] } = {}) {
  const box = makeBox(options.cap ?? 1200);
  try {
    const running = box.start([THREADGUARD, 'explain', '--json', ...(options.flags ?? []), '--', ...command]);
    const { out, err, code } = await running.ended;
    const line = out.split('\n').find((text) => text.startsWith('{'));
    return { said: line === undefined ? undefined : (JSON.parse(line) as Explained), err, code, box: box.dir };
  } finally {
    await box.remove();
  }
}

describe('which ceiling refused', () => {
  it.for([
    { name: 'pids.max, threads', command: probe('threads'), ceiling: 'pids.max' },
    { name: 'pids.max, processes', command: probe('fork'), ceiling: 'pids.max' },
    {
      name: 'RLIMIT_NPROC, threads',
      command: ['prlimit', '--nproc=500', ...AS_UID, ...probe('threads')],
      ceiling: 'RLIMIT_NPROC',
    },
    {
      name: 'RLIMIT_NPROC, processes',
      command: ['prlimit', '--nproc=500', ...AS_UID, ...probe('fork')],
      ceiling: 'RLIMIT_NPROC',
    },
    { name: 'vm.max_map_count, maps', command: probe('mmap'), ceiling: 'vm.max_map_count' },
    { name: 'vm.max_map_count, splits', command: probe('split'), ceiling: 'vm.max_map_count' },
    {
      name: 'RLIMIT_AS',
      command: ['prlimit', '--as=200000000', ...probe('threads', 256)],
      ceiling: 'RLIMIT_AS',
    },
    {
      name: 'RLIMIT_DATA',
      command: ['prlimit', '--data=100000000', ...probe('threads', 256)],
      ceiling: 'RLIMIT_DATA',
    },
    {
      name: 'Python, which hides the errno',
      command: [
        'python3',
        '-c',
        'import threading,time\nwhile 1: threading.Thread(target=time.sleep,args=(9,)).start()',
      ],
      ceiling: 'pids.max',
    },
    {
      name: 'a shell that ends at once',
      command: [
        'perl',
        '-e',
        'while(1){ my $p=fork(); die "cannot fork: $!" unless defined $p; if(!$p){sleep 1; exit} }',
      ],
      ceiling: 'pids.max',
    },
    {
      name: 'the same at RLIMIT_NPROC, of which nothing is left behind',
      command: [
        'prlimit',
        '--nproc=500',
        ...AS_UID,
        'perl',
        '-e',
        'while(1){ my $p=fork(); die "cannot fork: $!" unless defined $p; if(!$p){sleep 1; exit} }',
      ],
      ceiling: 'RLIMIT_NPROC',
    },
  ])('$name: proved', async ({ command, ceiling }) => {
    const { said, err, code } = await explain(command);
    expect({ code, verdict: said?.verdict, ceiling: said?.ceiling }, `${err}${said?.evidence.join('\n')}`).toEqual({
      code: 0,
      verdict: 'proved',
      ceiling,
    });
  });

  it('an ancestor, not the leaf', async () => {
    const { said, box } = await explain(probe('threads'));
    expect(said?.path).toBe(box.replace('/sys/fs/cgroup/pids', ''));
  });

  it('--trace sees the call itself', async () => {
    const { said } = await explain(probe('threads'), { cap: 300, flags: ['--trace'] });
    expect(said?.evidence.join('\n')).toMatch(/clone3? was seen to fail with EAGAIN/);
    expect(said).toMatchObject({ verdict: 'proved', ceiling: 'pids.max' });
  });

  it('--trace by the kernel’s own tracer, where tracefs is mounted; its instance is removed', async () => {
    const box = makeBox(300);
    try {
      // A mount of its own: nobody else sees it.
      const dir = join(box.scratch, 'tracing');
      const script = `mkdir ${dir} && mount -t tracefs nodev ${dir} && "$@"; code=$?; ls ${dir}/instances >&2; exit $code`;
      const explained = [THREADGUARD, 'explain', '--json', '--trace', '--', ...probe('threads')];
      const { out, err, code } = await box.start(['unshare', '-m', 'sh', '-c', script, 'sh', ...explained]).ended;
      const said = JSON.parse(out.slice(out.indexOf('{'))) as Explained;
      expect({ code, err }).toEqual({
        code: 0,
        err: expect.stringMatching(/^threadguard: .*tracefs.*\n(?!.*threadguard-)/s),
      });
      expect(said).toMatchObject({ verdict: 'proved', ceiling: 'pids.max' });
      expect(said.evidence.join('\n')).toMatch(/clone3? was seen to fail with EAGAIN/);
    } finally {
      await box.remove();
    }
  });

  it('--pid --trace attaches to what runs already, and says what that costs', async () => {
    const box = makeBox(400);
    try {
      const running = box.start(['sh', '-c', `(sleep 3; echo go; sleep 5) | ${CEILING} threads`]);
      await until('the probe waits', () => READY.test(running.out()));
      const pid = READY.exec(running.out())?.[1] as string;
      const outside = makeBox(100);
      const words = [THREADGUARD, 'explain', '--json', '--trace', '--pid', pid, '--for', '20s'];
      const { out, err, code } = await outside.start(words).ended;
      await outside.remove();
      expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^threadguard: strace is attached/) });
      const said = JSON.parse(out) as Explained;
      expect(said).toMatchObject({ verdict: 'proved', ceiling: 'pids.max' });
      expect(said.evidence.join('\n')).toMatch(/clone3? was seen to fail with EAGAIN/);
    } finally {
      await box.remove();
    }
  });

  it.for([
    { name: 'pids.max', words: [], ceiling: 'pids.max' },
    {
      name: 'RLIMIT_NPROC, the limit that it might have set itself',
      words: ['prlimit', '--nproc=600'],
      ceiling: 'RLIMIT_NPROC',
    },
  ])('asked by a plain user, who can make no cgroup: $name', async ({ words, ceiling }) => {
    const box = makeBox(1200);
    try {
      const script = [...words, ...AS_UID, THREADGUARD, 'explain', '--json', '--', ...probe('threads')];
      const { out, err } = await box.start(script).ended;
      const said = JSON.parse(out.slice(out.indexOf('{'))) as Explained;
      expect({ verdict: said.verdict, ceiling: said.ceiling }, `${err}${said.evidence.join('\n')}`).toEqual({
        verdict: 'proved',
        ceiling,
      });
    } finally {
      await box.remove();
    }
  });

  it('two that are full at once are told in the order of the kernel’s checks, and no proof is claimed', async () => {
    // RLIMIT_AS and RLIMIT_DATA run out at the same thread: both are full when it is looked at.
    const { said } = await explain(['prlimit', '--as=120000000', '--data=116600000', ...probe('threads', 256)]);
    expect([said?.ceiling, ...(said?.alternatives ?? [])].sort()).toEqual(['RLIMIT_AS', 'RLIMIT_DATA']);
    expect(said?.verdict).toBe('inferred');
  });

  it('a kill by a memory limit is no errno, but is counted', async () => {
    const memory = `/sys/fs/cgroup/memory/tgexplain-${process.pid}`;
    mkdirSync(memory);
    try {
      writeFileSync(join(memory, 'memory.limit_in_bytes'), String(32 << 20));
      const { said } = await explain(
        ['sh', '-c', `echo $$ >${memory}/cgroup.procs; (sleep 0.2; echo go) | ${CEILING} threads 64`],
        { cap: 3000 },
      );
      expect(said).toMatchObject({ verdict: 'proved', ceiling: 'memory.max' });
    } finally {
      await sleep(100);
      rmdirSync(memory);
    }
  });

  it('nothing refused: exit 1, and the command’s own words got through', async () => {
    const { said, err, code } = await explain(['sh', '-c', 'echo spoken >&2; sleep 0.1']);
    expect({ code, verdict: said?.verdict, err }).toEqual({ code: 1, verdict: 'none', err: 'spoken\n' });
  });

  it('--pid: from the counters of a process that runs already, and nothing is attached', async () => {
    const box = makeBox(400);
    try {
      const running = box.start(['sh', '-c', `(sleep 3; echo go; sleep 6) | ${CEILING} threads`]);
      await until('the probe waits', () => READY.test(running.out()));
      const pid = READY.exec(running.out())?.[1] as string;
      const outside = makeBox(100);
      const { out, code } = await outside.start([THREADGUARD, 'explain', '--json', '--pid', pid, '--for', '6s']).ended;
      await outside.remove();
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ verdict: 'proved', ceiling: 'pids.max' });
    } finally {
      await box.remove();
    }
  });

  it('a signal ends the command, or the tracer of a process, and what was seen is told', async () => {
    const box = makeBox(400);
    try {
      const run = box.start([THREADGUARD, 'explain', '--json', '--', 'sh', '-c', 'echo up; sleep 600']);
      await until('the command runs', () => run.out().includes('up'));
      run.child.kill('SIGTERM');
      const ended = await run.ended;
      expect([ended.code, ended.signal]).toEqual([1, null]);
      expect(ended.out).toContain('"verdict":"none"');
      await until('all of it is gone', () => box.tasks() === 0 && box.inner().length === 0);
      const target = box.start(['sleep', '600']);
      const words = ['explain', '--json', '--trace', '--pid', String(target.child.pid)];
      const watch = box.start([THREADGUARD, ...words]);
      await until('strace is attached', () => watch.err().includes('strace is attached'));
      watch.child.kill('SIGINT');
      expect((await watch.ended).code).toBe(1);
      // The tracer has gone, the process lives on.
      await until('only the process is left', () => box.tasks() === 1);
      expect(target.child.exitCode).toBeNull();
    } finally {
      await box.remove();
    }
  });

  it('--log: what a JVM printed, and that the words alone settle nothing', async () => {
    const box = makeBox(100);
    try {
      const log = join(box.scratch, 'server.log');
      writeFileSync(
        log,
        'fine\nException java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory\n',
      );
      const { out, code } = await box.start([THREADGUARD, 'explain', '--log', log]).ended;
      expect(code).toBe(0);
      expect(out).toMatch(/^line 2 \(jvm, wanted a thread\): .*unable to create native thread/);
      expect(out).toContain('no log says which one it was');
    } finally {
      await box.remove();
    }
  });
});

describe('limits and explain refuse what they cannot answer', () => {
  it.for([
    ['a pid that is gone', ['limits', '--pid', '4194000'], 1, /no process 4194000/],
    ['no pid at all', ['limits', '--pid', 'banana'], 125, /process id/],
    ['a unit that does not run', ['limits', '--unit', 'nope'], 1, /no running unit nope\.service/],
    ['a cgroup that is not there', ['limits', '--cgroup', '/nope'], 1, /no cgroup \/nope/],
    ['two subjects', ['limits', '--pid', '1', '--unit', 'x'], 125, /more than one/],
    ['nothing to explain', ['explain'], 125, /nothing to explain/],
    ['a command that is not there', ['explain', '--', '/nope'], 127, /not found/],
    ['a trace of a log', ['explain', '--trace', '--log', '/nope'], 125, /a log has none/],
    ['a log that is not there', ['explain', '--log', '/nope'], 125, /cannot read \/nope/],
    ['an unknown flag', ['limits', '--wathc'], 125, /--watch/],
  ] as const)('%s', async ([, args, want, message]) => {
    const box = makeBox(100);
    try {
      const { code, err } = await box.start([THREADGUARD, ...args]).ended;
      expect({ code, err }).toEqual({ code: want, err: expect.stringMatching(message) });
      expect(err).toMatch(/^threadguard: .*\n {2}hint: .*\n$/);
    } finally {
      await box.remove();
    }
  });
  it('a kernel thread has no maps, and the rest stands', async () => {
    const box = makeBox(100);
    try {
      const { code, out } = await box.start([THREADGUARD, 'limits', '--pid', '2']).ended;
      expect(code).toBe(0);
      expect(out).toContain('kernel.pid_max');
    } finally {
      await box.remove();
    }
  });
  it('the process of another user: maps unknown, with the right that is missing', async () => {
    const box = makeBox(100);
    try {
      const other = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
      const { code, out } = await box.start([...other, THREADGUARD, 'limits', '--pid', '1']).ended;
      expect(code).toBe(0);
      expect(out).toMatch(/vm\.max_map_count of pid 1 +unknown .* unknown$/m);
      expect(out).toContain('CAP_SYS_PTRACE');
    } finally {
      await box.remove();
    }
  });
  it('--who names the process that holds the most, its user, and the memory behind it', async () => {
    const box = makeBox(1500);
    try {
      const running = box.start(['sh', '-c', `sleep 5 | ${CEILING} threads 64 1000`]);
      await until('the threads are there', () => READY.test(running.out()));
      const { out } = await box.start([THREADGUARD, 'limits', '--who']).ended;
      expect(out).toMatch(/^ceiling \(pid \d+\) +1,001 /m);
      expect(out).toMatch(/kernel memory behind them: stacks [\d.]+ MiB, task_struct [\d.]+ MiB/);
    } finally {
      await box.remove();
    }
  });
  it('--watch goes on until ^C', async () => {
    const box = makeBox(100);
    try {
      const running = box.start([THREADGUARD, 'limits', '--json', '--watch', '100ms']);
      await until('three looks', () => running.out().split('\n').length > 3);
      running.child.kill('SIGINT');
      expect((await running.ended).signal).toBe('SIGINT');
    } finally {
      await box.remove();
    }
  });
});

describe('doctor', () => {
  it('says what run would choose, and --strict makes what is missing an exit status', async () => {
    const box = makeBox(100);
    try {
      const { out, code } = await box.start([THREADGUARD, 'doctor', '--json']).ended;
      expect(code).toBe(0);
      const said = JSON.parse(out) as { schema: string; containment: string; checks: { name: string; ok: boolean }[] };
      expect(said).toMatchObject({ schema: 'threadguard.doctor/1', containment: 'cgroup-v1' });
      expect(said.checks.find(({ name }) => name === 'containment')?.ok).toBe(true);
      // A hundred tasks are room for it, so only what this kernel has not is missing: v1 says no ancestor.
      const strict = await box.start([THREADGUARD, 'doctor', '--strict']).ended;
      expect(strict.code).toBe(1);
      expect(strict.out).toMatch(/^missing +refusals .*\n +→ Linux 6\.11/m);
      expect(box.inner()).toEqual([]);
    } finally {
      await box.remove();
    }
  });
  it('a plain user is told what falls back, and why', async () => {
    const box = makeBox(100);
    try {
      const other = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
      const { out } = await box.start([...other, THREADGUARD, 'doctor']).ended;
      expect(out).toMatch(/^missing +containment +rlimit: .*EACCES.*\n +→ .*Delegate/m);
      expect(out).toMatch(/^missing +ptrace /m);
    } finally {
      await box.remove();
    }
  });
});
