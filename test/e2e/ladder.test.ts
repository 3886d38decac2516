import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyNotTraced } from '../../src/evidence/creators/tracing.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { BUILD_DIR } from '../setup/tools.ts';
import { type Box, CEILING, events, MISBEHAVE, makeBox, sleep, THREADGUARD, until } from './harness.ts';

let box: Box;
beforeEach(() => {
  box = makeBox();
});
afterEach(() => box.remove());

const guard = (flags: string[], ...command: string[]) =>
  box.start([THREADGUARD, 'run', '--incident-dir', box.scratch, '--log-format', 'json', ...flags, '--', ...command]);

describe('a cgroup holds to the very task', () => {
  it.for(['thread', 'fork', 'setsid', 'daemon', 'stubborn', 'exec-chain', 'staircase', 'rename'])(
    '%s is stopped, its whole tree gone',
    async (mode) => {
      const running = guard(['--max-tasks', '600', '--grace', '300ms', '--dump-timeout', '100ms'], MISBEHAVE, mode);
      const { code, err } = await running.ended;
      expect(code, err).toBe(113);
      const log = events(err);
      expect(log.map(({ event }) => event)).toEqual(
        expect.arrayContaining(['start', 'contained', 'trip', 'clamp', 'dump', 'terminate', 'exit']),
      );
      const exit = log.at(-1) as { peakTasks: number; leftTasks: number; cgroupRemoved: boolean };
      expect(exit.peakTasks).toBe(600);
      expect(exit).toMatchObject({ event: 'exit', leftTasks: 0, cgroupRemoved: true, stoppedByGuard: true });
      // The guard, its launcher and the box's shell are outside of the 600.
      expect(box.peak()).toBeLessThanOrEqual(600 + 16);
      expect(box.inner()).toEqual([]);
    },
  );
});

// The guard once read the target's maps on its loop and slept on their lock for as long as the bomb lived.
it('thousands of forking sessions do not stall the guard', async () => {
  for (let round = 0; round < 3; round += 1) {
    const { code, err } = await guard(
      ['--max-tasks', '3000', '--grace', '0', '--dump-timeout', '0'],
      MISBEHAVE,
      'setsid',
      '1000000',
      '12',
    ).ended;
    expect(code, err).toBe(113);
  }
});

describe('the cap outlives the guard', () => {
  it.for(['SIGSTOP', 'SIGKILL'] as const)('%s', async (signal) => {
    const running = guard(['--max-tasks', '500'], MISBEHAVE, 'slow', '100000', '8');
    await until(
      'the target runs',
      () => box.inner().length > 0 && Number(readFileSync(join(box.inner()[0] as string, 'pids.current'), 'utf8')) > 20,
    );
    running.child.kill(signal);
    await sleep(2500);
    const inner = box.inner()[0] as string;
    expect(Number(readFileSync(join(inner, 'pids.current'), 'utf8'))).toBeGreaterThan(100);
    expect(Number(readFileSync(join(inner, 'pids.peak'), 'utf8'))).toBeLessThanOrEqual(500);
  });
  it('--on-guard-death kill ends the command with the guard', async () => {
    const running = guard(['--on-guard-death', 'kill'], 'sleep', '20');
    await until('the target runs', () => box.tasks() > 0 && running.err().includes('contained'));
    await sleep(300);
    running.child.kill('SIGKILL');
    await until('everything is gone', () => box.tasks() === 0, 3000);
  });
});

describe('steps of the ladder', () => {
  it('--until warn says it and lets it be', async () => {
    const { code, err } = await guard(['--max-tasks', '100', '--until', 'warn'], MISBEHAVE, 'hold', '200', '2').ended;
    expect(code).toBe(null);
    expect(events(err).map(({ event }) => event)).not.toContain('trip');
    expect(events(err).map(({ event }) => event)).toContain('warn');
  });
  it('--until clamp holds it and lets it live', async () => {
    const { code, signal, err } = await guard(
      ['--max-tasks', '100', '--until', 'clamp'],
      MISBEHAVE,
      'thread',
      '9999',
      '2',
    ).ended;
    expect([code, signal]).toEqual([null, 'SIGALRM']);
    expect(events(err).at(-1)).toMatchObject({ event: 'exit', peakTasks: 100, stoppedByGuard: false });
  });
  it('--dry-run walks it, touches nothing and keeps the exit status', async () => {
    const { code, signal, err } = await guard(['--max-tasks', '200', '--dry-run'], MISBEHAVE, 'thread', '400', '2')
      .ended;
    expect([code, signal], err).toEqual([null, 'SIGALRM']);
    const log = events(err);
    expect(log.find(({ event }) => event === 'clamp')).toMatchObject({ dryRun: true });
    expect(readdirSync(box.scratch)).toEqual([]);
  });
  it('a clamped target that recedes is released', async () => {
    const { code, err } = await guard(['--max-tasks', '50', '--until', 'dump'], MISBEHAVE, 'pulse', '60', '9').ended;
    expect(events(err).map(({ event }) => event)).toContain('clamp');
    expect(events(err).map(({ event }) => event)).toContain('release');
    expect(code).toBe(0);
  });
  it('maps trip too', async () => {
    const { code, err } = await guard(['--max-maps', '5000', '--grace', '0'], MISBEHAVE, 'map', '20000', '8').ended;
    expect(code, err).toBe(113);
    expect(events(err).find(({ event }) => event === 'trip')).toMatchObject({ cause: 'max-maps' });
  });
  it('evidence is written before the kill and names the group that grew', async () => {
    const { err } = await guard(['--max-tasks', '300', '--grace', '0'], MISBEHAVE, 'stubborn').ended;
    const dir = (events(err).at(-1) as { incident: string }).incident;
    const incident = JSON.parse(readFileSync(join(dir, 'incident.json'), 'utf8'));
    expect(incident).toMatchObject({
      schema: 'threadguard.incident/1',
      trip: { cause: 'max-tasks' },
    });
    expect(incident.groups[0]).toMatchObject({ names: ['misbehave'] });
    expect(incident.groups.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(300);
    // All but the one that made them.
    expect(incident.groups[0]).toMatchObject({ count: 299, grew: 299 });
    expect(incident.groups[0].frames.length).toBeGreaterThan(2);
    expect(readFileSync(join(dir, 'samples.ndjson'), 'utf8')).toContain('"tasks":300');
  });
});

it('an honest burst passes the default leash without one refusal', async () => {
  const { code, out, err } = await guard([], MISBEHAVE, 'burst', '500').ended;
  expect([code, out]).toEqual([0, 'refused 0\n']);
  expect(events(err).at(-1)).toMatchObject({ actions: {}, refused: 0 });
});

it('a limit that is not the guard’s own is named when it refuses', async () => {
  const inner = join(box.dir, 'inner');
  mkdirSync(inner);
  writeFileSync(join(inner, 'pids.max'), '300');
  const { err } = await box.start([
    'sh',
    '-c',
    `echo $$ >${inner}/cgroup.procs; exec "$@"`,
    'sh',
    ...[
      THREADGUARD,
      'run',
      '--incident-dir',
      box.scratch,
      '--log-format',
      'json',
      '--budget',
      '100%',
      '--reserve',
      '1',
    ],
    ...['--until', 'warn', '--', 'sh', '-c', `(echo go; sleep 1) | ${CEILING} threads 64`],
  ]).ended;
  const path = inner.replace('/sys/fs/cgroup/pids', '');
  expect(events(err).filter(({ event }) => event === 'warn')).toContainEqual(
    expect.objectContaining({ refusedBy: 'pids.max', path, verdict: 'proved' }),
  );
  expect(events(err).at(-1)).toMatchObject({ refusedBy: [{ ceiling: 'pids.max', path, verdict: 'proved' }] });
});

it('a run without an incident leaves nothing behind', async () => {
  expect((await guard([], 'true').ended).code).toBe(0);
  expect(readdirSync(box.scratch)).toEqual([]);
  expect(box.inner()).toEqual([]);
});

describe('without any right to a cgroup', () => {
  const asNobody = (flags: string[], ...command: string[]) =>
    box.start([
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      'env',
      'HOME=/nonexistent',
      THREADGUARD,
      'run',
      '--log-format',
      'json',
      ...flags,
      '--',
      ...command,
    ]);
  it('RLIMIT_NPROC holds a plain user, and the banner says what it cannot do', async () => {
    const { code, err } = await asNobody(['--max-tasks', '600', '--grace', '300ms'], MISBEHAVE, 'thread', '99999', '10')
      .ended;
    expect(code, err).toBe(113);
    const contained = events(err).find(({ event }) => event === 'contained') as {
      by: string;
      cannot: string[];
      fallbacks: string[];
    };
    expect(contained.by).toBe('rlimit');
    expect(contained.cannot.length).toBeGreaterThan(0);
    expect(contained.fallbacks[0]).toContain('EACCES');
    expect(box.peak()).toBeLessThanOrEqual(600 + 24);
  });
  it('sampling alone stops a bomb before a quarter of the room is used', async () => {
    const { code, err } = await guard(
      ['--contain', 'none', '--budget', '25%', '--grace', '0'],
      MISBEHAVE,
      'thread',
      '99999',
      '10',
    ).ended;
    expect(code, err).toBe(113);
    expect(events(err).find(({ event }) => event === 'contained')).toMatchObject({ by: 'sampling' });
  });
  // A plain guard gets 3 ms of processor every 700 ms beside these, and beside other load none for seconds.
  it.for(['fork', 'setsid'])('a %s bomb of a plain user is held and stopped', async (mode) => {
    const { code, err } = await asNobody(['--budget', '25%', '--grace', '0'], MISBEHAVE, mode, '1000000', '50').ended;
    expect(code, err).toBe(113);
    // RLIMIT_NPROC stands a little above the line, because what it refuses nobody counts.
    expect(box.peak()).toBeLessThanOrEqual(4000 / 4 + 24);
  });
  it('a fork bomb that nothing holds is killed at once, with evidence', async () => {
    const { code, err } = await guard(['--contain', 'none', '--max-tasks', '1200'], MISBEHAVE, 'fork', '1000000', '10')
      .ended;
    expect(code, err).toBe(113);
    const log = events(err);
    expect(log.map(({ event }) => event)).toEqual(expect.arrayContaining(['trip', 'dump', 'kill', 'exit']));
    expect(log.at(-1)).toMatchObject({ leftTasks: 0 });
    expect(box.tasks()).toBe(0);
  });
  it('--require-containment refuses instead', async () => {
    const { code, err } = await asNobody(['--require-containment'], 'touch', join(box.scratch, 'ran')).ended;
    expect(code).toBe(125);
    expect(err).toContain('hint:');
    expect(existsSync(join(box.scratch, 'ran'))).toBe(false);
  });
});

describe('the incident says which code made the threads', () => {
  const MIX = [
    ['spawn_connection', 0.6],
    ['spawn_worker', 0.3],
    ['spawn_ticker', 0.1],
  ] as const;
  interface Incident {
    readonly headline: string;
    readonly runtimes: readonly string[];
    readonly coverage: {
      readonly found: number;
      readonly covered: number;
      readonly stops: number;
      readonly stoppedMs: number;
    };
    readonly creators: readonly {
      readonly share: number;
      readonly source: string;
      readonly frames: readonly { readonly function: string }[];
    }[];
    readonly groups: readonly { readonly count: number; readonly site?: { readonly function: string } }[];
  }
  async function incidentOf(command: readonly string[]): Promise<{ incident: Incident; dir: string }> {
    const { code, err } = await guard(
      ['--max-tasks', '600', '--grace', '1s', '--dump-timeout', '2s'],
      ...command,
      '100',
      '20',
      'then',
    ).ended;
    expect(code).toBe(113);
    const dir = (events(err).at(-1) as { incident: string }).incident;
    expect(readFileSync(join(dir, 'stacks.folded'), 'utf8')).toMatch(/^\S.*;.* \d+$/m);
    return { incident: JSON.parse(readFileSync(join(dir, 'incident.json'), 'utf8')) as Incident, dir };
  }
  const shares = ({ creators }: Incident) =>
    MIX.map(([name]) =>
      creators
        .filter(({ frames }) => frames.some((frame) => frame.function.includes(name)))
        .reduce((sum, { share }) => sum + share, 0),
    );

  /** As root the kernel records who makes them; else they are caught in the act. */
  const isRecorded = whyNotTraced(kernelRoot()) === undefined;
  const share = isRecorded ? 'started [\\d,]+ threads, \\d+% of all' : 'makes \\d+% of the threads';
  it('C: recorded or caught in the act, the target stopped for moments only', async () => {
    const { incident } = await incidentOf([join(BUILD_DIR, 'spawner-plain')]);
    expect(shares(incident).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
    expect(incident.creators[0]?.frames.map((frame) => frame.function)).toContain('spawn_connection');
    expect(incident.headline).toMatch(new RegExp(`${share}.*; \\d+ tasks are reading in park_read`));
    expect(incident.coverage.covered).toBe(incident.coverage.found);
    if (isRecorded) expect(incident.coverage.stops).toBeLessThanOrEqual(1);
    else expect(incident.coverage.stops).toBeGreaterThan(0);
    expect(incident.coverage.stoppedMs).toBeLessThan(1000);
  });
  it('C++: its own names, through templates and std::thread', async () => {
    const { incident } = await incidentOf([join(BUILD_DIR, 'spawner-cc')]);
    expect(shares(incident).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
    expect(incident.headline).toMatch(new RegExp(`mix::Pool::.*spawn_connection.* ${share}`));
    // The compiler put park_read into the body of the lambda that the thread runs.
    expect(incident.groups[0]?.site?.function).toMatch(/spawn_connection\(\)::\{lambda\(\)#1\}.*_M_run/);
  });
  it('Python: in its own words, and it is not stopped for its creators', async () => {
    const { incident } = await incidentOf(['/usr/bin/python3', 'test/programs/spawner.py']);
    const [most, middle] = shares(incident) as [number, number, number];
    expect(most).toBeGreaterThan(middle);
    expect(incident.creators[0]?.source).toMatch(
      isRecorded ? /^the kernel recorded all [\d,]+$/ : /times in stacks read one after another$/,
    );
    // One stop is for the picture of all, where a machine is so busy that a target seems to be in the way of its own reading.
    expect(incident.coverage.stops).toBeLessThanOrEqual(1);
    expect(incident.groups[0]?.site?.function).toBe('park_read');
  });
  it('Java: a clamped JVM lives through being asked, and tells who starts threads', async () => {
    const { dir, incident } = await incidentOf(['/usr/bin/java', '-cp', BUILD_DIR, 'Spawner']);
    expect(incident.runtimes).toEqual(['JVM']);
    expect(incident.groups[0]?.site?.function).toBe('Spawner.parkMonitor');
    expect(readdirSync(dir).some((name) => /^threads-\d+\.txt\.gz$/.test(name))).toBe(true);
  });
});
