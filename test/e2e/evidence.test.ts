import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IncidentDocument } from '../../src/core/incident.ts';
import { schemaErrors } from '../setup/schema.ts';
import { BUILD_DIR } from '../setup/tools.ts';
import { type Box, events, makeBox, READY, sleep, THREADGUARD, until } from './harness.ts';

const JAVA = ['/usr/bin/java', '-cp', BUILD_DIR, 'Spawner'];

let box: Box;
beforeEach(() => {
  box = makeBox(2000);
});
afterEach(() => box.remove());

/** Starts a program whose threads are parked; its pid. */
async function parked(command: readonly string[], threads = 200): Promise<{ pid: number; gone: () => boolean }> {
  const running = box.start([...command, String(threads), '30']);
  let isGone = false;
  void running.ended.then(() => {
    isGone = true;
  });
  await until('its threads are parked', () => READY.test(running.out()));
  return { pid: Number(READY.exec(running.out())?.[1]), gone: () => isGone };
}

async function dump(
  pid: number,
  during: (dumper: number) => Promise<void> = () => Promise.resolve(),
): Promise<{ covered: number; tasks: number; groups: { count: number }[] }> {
  const other = makeBox(100);
  try {
    const running = other.start([THREADGUARD, 'dump', '--json', '--pid', String(pid)]);
    await during(running.child.pid as number);
    const { code, out } = await running.ended;
    expect(code).toBe(0);
    const document = JSON.parse(out);
    expect(schemaErrors('dump.json', document)).toEqual([]);
    return document;
  } finally {
    await other.remove();
  }
}

/** Runs it guarded until it is stopped; the incident. */
async function incidentOf(
  flags: readonly string[],
  ...command: string[]
): Promise<{ incident: IncidentDocument; dir: string; err: string; out: string; code: number | null }> {
  const guard = [THREADGUARD, 'run', '--incident-dir', box.scratch, '--log-format', 'json', '--grace', '1s', ...flags];
  // The command may end in the middle of a line.
  const log = join(box.scratch, 'guard.log');
  const { code, err, out } = await box.start([...guard, '--log-file', log, '--', ...command]).ended;
  const { incident: dir } = events(readFileSync(log, 'utf8')).at(-1) as { incident: string };
  const incident = JSON.parse(readFileSync(join(dir, 'incident.json'), 'utf8'));
  expect(schemaErrors('incident.json', incident)).toEqual([]);
  return { incident, dir, err, out, code };
}

describe('a JVM at its limit', () => {
  it('dies of jcmd, which is why nothing like it is done', async () => {
    const { pid, gone } = await parked(JAVA);
    writeFileSync(join(box.dir, 'pids.max'), String(box.tasks()));
    try {
      execFileSync('/usr/bin/jcmd', [String(pid), 'Thread.print'], { stdio: 'ignore', timeout: 15_000 });
    } catch {
      // It answers with an error or hangs up: the JVM that it asked is ending.
    }
    await until('the JVM is gone', gone);
  });
  it('lives through threadguard dump, with a listener and without one', async () => {
    for (const flags of [[], ['-XX:+StartAttachListener']]) {
      const { gone, pid } = await parked([JAVA[0] as string, ...flags, ...JAVA.slice(1)]);
      writeFileSync(join(box.dir, 'pids.max'), String(box.tasks()));
      const said = await dump(pid);
      await sleep(300);
      expect(gone()).toBe(false);
      expect(said.groups[0]?.count).toBeGreaterThanOrEqual(120);
      writeFileSync(join(box.dir, 'pids.max'), '2000');
    }
  });
});

/** Freezes a process in a cgroup of this name, and thaws it after. */
async function frozen(name: string, pid: number, use: (isFrozen: () => boolean) => Promise<void>): Promise<void> {
  const dir = join('/sys/fs/cgroup/unified', name);
  const isFrozen = () => readFileSync(join(dir, 'cgroup.events'), 'utf8').includes('frozen 1');
  mkdirSync(dir);
  try {
    writeFileSync(join(dir, 'cgroup.procs'), String(pid));
    writeFileSync(join(dir, 'cgroup.freeze'), '1');
    await until('it is frozen', isFrozen);
    await use(isFrozen);
  } finally {
    writeFileSync(join(dir, 'cgroup.freeze'), '0');
    writeFileSync('/sys/fs/cgroup/unified/cgroup.procs', String(pid));
    await sleep(50);
    rmdirSync(dir);
  }
}

it('a frozen process is read like any other', async () => {
  const { pid } = await parked([join(BUILD_DIR, 'spawner-plain')]);
  await frozen(`tgfreeze-${process.pid}`, pid, async () => {
    expect(await dump(pid)).toMatchObject({
      tasks: 201,
      covered: 201,
      groups: [{ count: 120 }, { count: 60 }, { count: 20 }, { count: 1 }],
    });
  });
});

it('a target that its guard left frozen is let go by the next guard', async () => {
  const { pid } = await parked([join(BUILD_DIR, 'spawner-plain')]);
  // Named as a guard names it; no process has this number.
  await frozen('threadguard-4194303-1', pid, async (isFrozen) => {
    expect((await box.start([THREADGUARD, 'run', '--', 'true']).ended).code).toBe(0);
    await until('it goes on', () => !isFrozen());
  });
});

it('with no PID left, not even for the guard, every stack is read', async () => {
  // What the guard leaves of these is the budget of the target: at the trip all are taken, and the kernel holds it there.
  writeFileSync(join(box.dir, 'pids.max'), '400');
  const { incident } = await incidentOf(
    ['--budget', '100%', '--reserve', '0', '--dump-timeout', '2s'],
    join(BUILD_DIR, 'spawner-plain'),
    '50',
    '20',
    'then',
  );
  expect(box.peak()).toBe(400);
  expect(incident.coverage.found).toBeGreaterThan(350);
  expect(incident.coverage.covered).toBe(incident.coverage.found);
  expect(incident.groups[0]?.site?.function).toBe('park_read');
});

it('a process that ends half way leaves what was read', async () => {
  const { pid } = await parked([join(BUILD_DIR, 'spawner-plain')], 1500);
  const said = await dump(pid, async (dumper) => {
    while (!reads(dumper, `/proc/${pid}/task/`)) await sleep(1);
    process.kill(pid, 'SIGKILL');
  });
  expect(said.covered).toBeLessThanOrEqual(1501);
});

/** Whether a process has a file open whose path begins like this. */
function reads(pid: number, path: string): boolean {
  const dir = `/proc/${pid}/fd`;
  return readdirSync(dir).some((fd) => {
    try {
      return readlinkSync(join(dir, fd)).startsWith(path);
    } catch {
      // Closed between the list and the look.
      return false;
    }
  });
}

describe('a Go program, which dies of a refused thread', () => {
  const mix = ['100', '20', 'then'];
  const flags = ['--max-tasks', '600'];
  it('its stacks are read near the line, before the kernel refuses it one, and it keeps its own exit status', async () => {
    const { code, incident } = await incidentOf(flags, join(BUILD_DIR, 'spawner-go'), ...mix);
    expect(code).toBe(2);
    expect(incident.runtimes).toEqual(['Go']);
    expect(incident.groups[0]?.site?.function).toBe('main.parkRead');
    expect(incident.trip).toMatchObject({ level: 'trip', cause: 'refused' });
    expect(incident.notes.join()).toMatch(/this is a picture of it at \d+ tasks, taken without a stop/);
    expect(incident.coverage.stops).toBe(0);
    const actions = incident.actions.map(({ action }) => action);
    expect(actions).not.toContain('clamp');
    expect(actions).toEqual(expect.arrayContaining(['warn', 'trip', 'dump', 'exit']));
  });
  it('--capture-stderr: its own dump says exactly who made them, and still goes where it went', async () => {
    const { dir, err, incident } = await incidentOf(
      [...flags, '--capture-stderr'],
      join(BUILD_DIR, 'spawner-go'),
      ...mix,
    );
    const shares = incident.creators.map(({ frames, share }) => [frames[0]?.function, Math.round(share * 10) / 10]);
    expect(shares.slice(0, 3)).toEqual([
      ['main.spawnConnection', 0.6],
      ['main.spawnWorker', 0.3],
      ['main.spawnTicker', 0.1],
    ]);
    expect(incident.headline).toMatch(/^main\.spawnConnection .* makes \d+% of the threads/);
    expect(err).toContain('created by main.spawnConnection');
    expect(gunzipSync(readFileSync(join(dir, 'goroutines.txt.gz'))).toString()).toContain(
      'created by main.spawnTicker',
    );
  });
});

describe('a JVM that must be asked otherwise', () => {
  const words = [...JAVA, '150', '20', 'then'];
  const said = ({ notes, runtimes, groups }: IncidentDocument) => ({
    runtimes,
    sites: groups.filter(({ runtime }) => runtime === 'jvm').map(({ site }) => site?.function),
    notes: notes.join(),
  });
  const SITES = expect.arrayContaining(['Spawner.parkMonitor', 'Spawner.parkQueue', 'Spawner.parkSleep']);
  it('--jvm-thread-events: it recorded who made every thread', async () => {
    const { dir, incident } = await incidentOf(['--jvm-thread-events', '--max-tasks', '600'], ...words);
    const shares = incident.creators.map(({ frames, share }) => [frames[1]?.function, Math.round(share * 10) / 10]);
    expect(shares.slice(0, 3)).toEqual([
      ['Spawner.spawnConnection', 0.6],
      ['Spawner.spawnWorker', 0.3],
      ['Spawner.spawnTicker', 0.1],
    ]);
    expect(incident.creators[0]?.source).toMatch(/^the (JVM recorded \d+ thread starts|kernel recorded all [\d,]+)$/);
    expect(readdirSync(dir)).not.toContain('jfr');
  });
  it.each([
    ['a command that is no JVM', ['--jvm-thread-events'], 'true'],
    ['--no-inject', ['--jvm-thread-events', '--no-inject'], 'java'],
  ])('--jvm-thread-events with %s is refused', async (_, flags, command) => {
    const { code, err } = await box.start([THREADGUARD, 'run', '--incident-dir', box.scratch, ...flags, '--', command])
      .ended;
    expect(code).toBe(125);
    expect(err).toContain('hint:');
    expect(readdirSync(box.scratch)).toEqual([]);
  });
  it('one without a listener is sent SIGQUIT, and its answer read from the file it writes to', async () => {
    const file = join(box.scratch, 'out');
    const { incident } = await incidentOf(['--max-tasks', '600'], 'sh', '-c', `exec ${words.join(' ')} > ${file}`);
    expect(said(incident)).toMatchObject({ runtimes: ['JVM'], sites: SITES });
    expect(readFileSync(file, 'utf8')).toContain('Full thread dump');
  });
  it('--jvm-output names that file where there is a pipe between', async () => {
    const file = join(box.scratch, 'out');
    const { incident } = await incidentOf(
      ['--max-tasks', '600', '--jvm-output', file, '--dump-timeout', '2s'],
      ...['sh', '-c', `${words.join(' ')} | tee ${file} >/dev/null`],
    );
    expect(said(incident)).toMatchObject({ sites: SITES });
  });
  it('is not sent it where nobody could read the answer, and not where it would end of it', async () => {
    const pipe = await incidentOf(['--max-tasks', '600'], 'sh', '-c', `exec ${words.join(' ')}`);
    expect(said(pipe.incident).notes).toContain('--jvm-output');
    expect(pipe.out).not.toContain('Full thread dump');
    const deaf = [JAVA[0] as string, '-Xrs', '-XX:+DisableAttachMechanism', ...words.slice(1)].join(' ');
    const file = join(box.scratch, 'out');
    const { incident } = await incidentOf(['--max-tasks', '600'], 'sh', '-c', `exec ${deaf} > ${file}`);
    expect(said(incident).notes).toContain('does not catch SIGQUIT');
    expect(incident.actions.map(({ action }) => action)).toContain('terminate');
  });
});

it('Node with --report-on-signal: what its workers do in JavaScript, and none of its environment', async () => {
  const script = `const { Worker } = require('node:worker_threads');
    process.chdir(${JSON.stringify(box.scratch)});
    process.on('uncaughtException', () => {});
    for (let i = 0; i < 60; i++) setTimeout(() => new Worker('function computeHere() { for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10); } computeHere()', { eval: true }).on('error', () => {}), 40 * i);`;
  const { dir, incident } = await incidentOf(
    ['--max-tasks', '30', '--dump-timeout', '3s'],
    ...['env', 'API_TOKEN=hunter2', process.execPath, '--report-on-signal', '-e', script],
  );
  expect(incident.notes.join('\n')).toMatch(/of \d+ workers are in computeHere \(\[worker eval\]:1\)/);
  const raw = readdirSync(dir).find((name) => name.startsWith('node-report-')) ?? '';
  const text = gunzipSync(readFileSync(join(dir, raw))).toString();
  expect(text).toContain('computeHere');
  expect(text).not.toContain('hunter2');
  expect(readdirSync(box.scratch).filter((name) => name.startsWith('report.'))).toEqual([]);
});

describe('a command that its cap refused a thread, and that ended of it before anything tripped', () => {
  const flags = ['--max-tasks', '900'];
  it('leaves an incident with what it said itself', async () => {
    const { code, dir, incident } = await incidentOf(
      [...flags, '--capture-stderr'],
      ...[join(BUILD_DIR, 'spawner-go'), '3000', '5'],
    );
    expect(code).toBe(2);
    expect(incident.trip).toMatchObject({ cause: 'refused', level: 'trip' });
    expect(incident.trip.reason).toMatch(/^exit 2, after its cap \(pids\.max \d+\) had refused it/);
    expect(incident.headline).toMatch(/^main\.spawnConnection .* makes (59|60|61)% of the threads/);
    expect(readFileSync(join(dir, 'report.html'), 'utf8')).not.toContain('stacks of 0 of 0');
  });
  it('leaves one without its words too, and says how to keep them', async () => {
    const { incident } = await incidentOf(flags, join(BUILD_DIR, 'spawner-go'), '3000', '5');
    expect(incident.trip).toMatchObject({ cause: 'refused', level: 'trip' });
    expect(incident.trip.reason).toMatch(/^exit 2, after its cap \(pids\.max \d+\) had refused it/);
    // It takes a tenth of a second from the picture to the end: on a busy machine there is not always one.
    const hasPicture = incident.coverage.found > 0;
    expect(incident.headline).toMatch(hasPicture ? / main\.parkRead \(.*spawner\.go:\d+\)$/ : /^exit 2, after its cap/);
    expect(incident.notes.join()).toContain('--capture-stderr');
  });
  it('leaves none when nothing was refused to it', async () => {
    const { code, err } = await box.start([THREADGUARD, 'run', ...flags, '--', 'sh', '-c', 'exit 3']).ended;
    expect(code).toBe(3);
    // The line that names it; the path of a cgroup may hold the word, too.
    expect(err).not.toContain('evidence: ');
  });
});

it('an incident is whole: the page, the ceilings before and after, what was done, and no secrets', async () => {
  const { dir, incident } = await incidentOf(
    ['--max-tasks', '400'],
    'env',
    'API_TOKEN=hunter2',
    join(BUILD_DIR, 'spawner-plain'),
    '100',
    '20',
    'then',
  );
  expect(readdirSync(dir).sort()).toEqual([
    'incident.json',
    'limits.json',
    'report.html',
    'samples.ndjson',
    'stacks.folded',
  ]);
  expect(incident.actions.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['trip', 'clamp', 'dump', 'terminate', 'exit']),
  );
  const limits = JSON.parse(readFileSync(join(dir, 'limits.json'), 'utf8'));
  expect(limits.before).toHaveLength(limits.after.length);
  expect(incident.command).toContain('API_TOKEN=[redacted]');
  for (const name of readdirSync(dir)) expect(readFileSync(join(dir, name), 'utf8'), name).not.toContain('hunter2');
  expect(readFileSync(join(box.scratch, 'guard.log'), 'utf8')).not.toContain('hunter2');
});

it('--keep: the oldest go', async () => {
  for (let round = 0; round < 3; round += 1) {
    await incidentOf(['--max-tasks', '150', '--keep', '2'], join(BUILD_DIR, 'spawner-plain'), '200', '20', 'then');
  }
  expect(readdirSync(box.scratch).filter((name) => name.startsWith('20'))).toHaveLength(2);
});

it('--capture-stderr hands every byte on, in order', async () => {
  const script = 'i=0; while [ $i -lt 2000 ]; do echo "line $i" >&2; i=$((i+1)); done; printf end >&2';
  const { code, err } = await box.start([THREADGUARD, 'run', '--quiet', '--capture-stderr', '--', 'sh', '-c', script])
    .ended;
  expect(code).toBe(0);
  expect(err).toBe(`${Array.from({ length: 2000 }, (_, index) => `line ${index}\n`).join('')}end`);
});

it('--capture-stderr with a reader that is gone: the command goes on', async () => {
  const script = 'i=0; while [ $i -lt 3000 ]; do echo "a line of some length $i" >&2; i=$((i+1)); done; echo done';
  const guarded = `${THREADGUARD} run --quiet --capture-stderr -- sh -c '${script}'`;
  const { out } = await box.start(['sh', '-c', `{ ${guarded} 2>&1 >&3 | true; } 3>&1; sleep 1`]).ended;
  expect(out).toBe('done\n');
});
