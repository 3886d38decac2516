import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DrillDocument } from '../../src/schemas/drillSchema.ts';
import { schemaErrors } from '../setup/schema.ts';
import { type Box, makeBox, THREADGUARD, until } from './harness.ts';

const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
/** Root that may not write the cgroup tree, as in a container whose tree is read-only. */
const POWERLESS = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
const STRANGER = 65_533;

let box: Box;
/** Where the drill has its scratch folder: nothing may stay in it. */
let tmp: string;
function enter(cap: number): void {
  box = makeBox(cap);
  tmp = join(box.scratch, 'tmp');
  mkdirSync(tmp);
  chmodSync(box.scratch, 0o755);
  chmodSync(tmp, 0o1777);
}
beforeEach(() => enter(1_500));
afterEach(async () => {
  try {
    expect([readdirSync(tmp), box.inner()]).toEqual([[], []]);
    // What has ended is a zombie until somebody has waited for it.
    await until('nothing is left', () => box.tasks() === 0, 2_000);
  } finally {
    await box.remove();
  }
});

const start = (who: readonly string[], ...words: string[]) =>
  box.start([...who, THREADGUARD, 'drill', ...words], { env: { ...process.env, TMPDIR: tmp } });

async function drilled(who: readonly string[], ...words: string[]) {
  const { code, err, out } = await start(who, '--json', ...words).ended;
  expect(out, err).toMatch(/^\{.*\}\n$/);
  const document = JSON.parse(out) as DrillDocument;
  expect(schemaErrors('drill.json', document)).toEqual([]);
  return { code, document };
}

describe('where the kernel holds', () => {
  it.for([
    { name: 'root', who: [], bomb: 'threads', by: 'cgroup' },
    { name: 'root', who: [], bomb: 'forks', by: 'cgroup' },
    { name: 'nobody', who: NOBODY, bomb: 'threads', by: 'rlimit' },
    { name: 'nobody', who: NOBODY, bomb: 'forks', by: 'rlimit' },
  ] as const)('$name, a bomb of $bomb: in time', async ({ bomb, by, who }) => {
    const { code, document } = await drilled(who, '--bomb', bomb);
    expect(document, document.reason).toMatchObject({
      verdict: 'in time',
      bomb,
      holds: { by },
      budget: 400,
      leftTasks: 0,
      stoppedByGuard: true,
      host: { failed: 0 },
    });
    expect(code).toBe(0);
    if (by === 'cgroup') expect(document).toMatchObject({ peakTasks: 400, overBudget: 0, sign: 'refusal' });
    // RLIMIT_NPROC counts tasks of others too, which come and go.
    expect(Math.abs(document.peakTasks - 400)).toBeLessThanOrEqual(16);
    expect(document.emptyMs).toBeLessThan(10_000);
    expect(document.host.tried).toBeGreaterThan(3);
    expect(document.named?.function).toBeTruthy();
    expect(box.peak()).toBeLessThanOrEqual(400 + 64);
  });
  it('in a container of 512 the bomb is smaller', async () => {
    await box.remove();
    enter(512);
    const { code, document } = await drilled([]);
    expect([code, document.verdict]).toEqual([0, 'in time']);
    expect(document.budget).toBeGreaterThan(200);
    expect(document.budget).toBeLessThan(300);
    expect(document.peakTasks).toBe(document.budget);
  });
  it('says it to people, too', async () => {
    const { code, out } = await start([], '--max-tasks', '150').ended;
    expect(code, out).toBe(0);
    expect(out).toMatch(/^a bomb that makes threads, with a budget of 150 tasks; the drill took /);
    expect(out).toMatch(/\n {2}peak {8}150 tasks, 0 over the budget\n/);
    expect(out).toMatch(/\nin time: .*\n$/);
  });
});

describe('where nothing of the guard’s own holds', () => {
  it.for(['threads', 'forks'])('a bomb of %s goes over its budget, is ended, and the verdict says so', async (bomb) => {
    chownSync(box.dir, STRANGER, STRANGER);
    const { code, document } = await drilled(POWERLESS, '--bomb', bomb);
    expect(code).toBe(1);
    expect(document).toMatchObject({
      verdict: 'not in time',
      holds: { by: 'surroundings', detail: expect.stringMatching(/\(1,500 tasks\)/) },
      leftTasks: 0,
      stoppedByGuard: true,
    });
    expect(document.holds.whyNot.join()).toMatch(/EACCES.*exempts uid 0/);
    expect(document.overBudget).toBe(document.peakTasks - document.budget);
    expect(document.overBudget).toBeGreaterThan(0);
    expect(document.reason).toMatch(/over its budget/);
    // The bomb's own end: it can do no more harm than that.
    expect(box.peak()).toBeLessThanOrEqual(600 + 64);
  });
});

describe('what it refuses, and leaves nothing behind', () => {
  it.for([
    {
      name: 'near a ceiling',
      cap: 200,
      message: /^threadguard: there is no room for a drill: it needs 160 tasks, and pids\.max of/,
    },
    { name: 'where not even Node has room', cap: 8, message: /^threadguard: fewer than 11 tasks are free/m },
  ])('a machine $name', async ({ cap, message }) => {
    writeFileSync(join(box.dir, 'pids.max'), String(cap));
    const { code, err, out } = await start([]).ended;
    expect([code, out]).toEqual([125, '']);
    expect(err).toMatch(message);
    expect(err).toMatch(/hint: /);
    expect(box.peak()).toBeLessThan(32);
    await until('its probes are gone', () => box.tasks() === 0);
  });
  it('a second one at the same time, whoever starts it', async () => {
    const first = start([], '--bomb', 'forks', '--json');
    await until('the bomb is at work', () => box.tasks() > 60);
    const second = await start(NOBODY).ended;
    expect([second.code, second.out]).toEqual([125, '']);
    expect(second.err).toMatch(/^threadguard: another drill is under way here\n {2}hint: /);
    const { code, out } = await first.ended;
    expect([code, (JSON.parse(out) as DrillDocument).verdict]).toEqual([0, 'in time']);
  });
  it('more than there is room for', async () => {
    const { code, err } = await start([], '--max-tasks', '2000').ended;
    expect([code, err]).toEqual([125, expect.stringMatching(/it needs 3,064 tasks/)]);
  });
  it('a place for the evidence that cannot be written', async () => {
    const env = { ...process.env, TMPDIR: join(box.scratch, 'nowhere') };
    const { code, err } = await box.start([THREADGUARD, 'drill'], { env }).ended;
    expect([code, err]).toEqual([125, expect.stringMatching(/cannot make a directory in .*nowhere \(ENOENT\)/)]);
  });
});

describe('a drill that does not come to its end', () => {
  const WHO = { root: [], nobody: NOBODY, powerless: POWERLESS } as const;
  it.for(['root', 'nobody', 'powerless'] as const)('has no time: %s is told so, and nothing lives on', async (name) => {
    if (name === 'powerless') chownSync(box.dir, STRANGER, STRANGER);
    const { code, document } = await drilled(WHO[name], '--for', '100ms');
    expect([code, document.verdict, document.stoppedByGuard]).toEqual([1, 'not in time', false]);
    await until('nothing lives on', () => box.tasks() === 0, 2_000);
  });
  it.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('is stopped by %s: 125, and nothing lives on', async (signal) => {
    const running = start([], '--bomb', 'forks');
    await until('the bomb is at work', () => box.tasks() > 60);
    running.child.kill(signal);
    const { code, err } = await running.ended;
    expect([code, err]).toEqual([125, expect.stringMatching(/^threadguard: the drill was stopped before its end\n/)]);
    expect(readFileSync(join(box.dir, 'cgroup.procs'), 'utf8')).toBe('');
  });
  it('is killed: the cap holds, the bomb ends by itself', async () => {
    const running = start([], '--for', '1s');
    // From here to its budget it takes some milliseconds.
    await until('the bomb is at work', () => box.tasks() > 60);
    running.child.kill('SIGKILL');
    await running.ended;
    await until('nothing lives on', () => box.tasks() === 0, 15_000);
    expect(box.peak()).toBeLessThanOrEqual(400 + 64);
    // Nobody was left to take the rest away. The next one takes the cgroups; a folder in /tmp goes as all of them go.
    expect(await drilled([])).toMatchObject({ code: 0 });
    const [folder = '', ...others] = readdirSync(tmp);
    expect([folder, others]).toEqual([expect.stringMatching(/^threadguard-drill-/), []]);
    rmSync(join(tmp, folder), { recursive: true });
  });
});
