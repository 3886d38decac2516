import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CEILING, MISBEHAVE, near, noteRow } from '../e2e/harness.ts';

const LAB_DIR = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '');
const LAB_ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Boots a kernel of its own (user-mode Linux, cgroup v2, 700 PIDs) that runs one scenario; returns its facts. */
function boot(
  scenario:
    | 'guarded'
    | 'guard-stopped'
    | 'bare'
    | 'bad-ground'
    | 'systemd'
    | 'broker'
    | 'ceilings'
    | 'places'
    | 'container',
  mode: string,
): Promise<Map<string, string>> {
  const settings = {
    LAB_SCENARIO: scenario,
    LAB_MODE: mode,
    LAB_DIR,
    LAB_ROOT,
    LAB_BOMB: MISBEHAVE,
    LAB_CEILING: CEILING,
  };
  const args = [
    'mem=1024M',
    'root=/dev/root',
    'rootfstype=hostfs',
    'rootflags=/',
    'rw',
    `init=${LAB_DIR}/guest/init.sh`,
    'con=null',
    'con0=fd:0,fd:1',
    'quiet',
    ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
  ];
  return new Promise((resolve) => {
    const kernel = execFile(
      'linux.uml',
      args,
      { timeout: 400_000, killSignal: 'SIGKILL', maxBuffer: 1 << 24 },
      (_, out) => {
        const facts = [...out.matchAll(/^LAB (\S+) ?(.*?)\r?$/gm)].map(
          ([, name, value]) => [name, value] as [string, string],
        );
        resolve(new Map([...facts, ['output', out]]));
      },
    );
    kernel.stdin?.end();
  });
}

/** What the guard of one step of a scenario logged; a line of the log may hold line breaks. */
function logOf(output: string, step: string): string {
  const start = output.indexOf(`LAB log_${step} `);
  const end = output.indexOf('LAB exit_', start);
  return output
    .slice(start, end === -1 ? undefined : end)
    .replaceAll('\r', '')
    .replaceAll(`LAB log_${step} `, '');
}

/** Rows of guest/ceilings.sh, what must be said to bind, and what refuses. */
const IN_THE_LAB: readonly (readonly [name: string, binding: string, errno?: string])[] = [
  ['kernel.pid_max, numbers below 300 not yet given out', 'kernel.pid_max'],
  ['kernel.threads-max, threads', 'kernel.threads-max'],
  ['kernel.threads-max, processes', 'kernel.threads-max'],
  ['kernel.pid_max, processes', 'kernel.pid_max'],
  ['kernel.pid_max, numbers all given out once', 'kernel.pid_max'],
  ['RLIMIT_NPROC, processes', 'RLIMIT_NPROC'],
  ['pids.max (v2), threads', 'pids.max'],
  ['pids.max (v2), processes', 'pids.max'],
  ['pids.max (v2) of an ancestor', 'pids.max'],
  ['vm.max_map_count, threads', 'vm.max_map_count'],
  ['vm.max_map_count, threads, none made yet', 'vm.max_map_count'],
  ['memory.max (v2), threads of 64 KiB', 'memory.max', 'SIGKILL'],
  ['CommitLimit, overcommit_memory=2', 'CommitLimit'],
];

describe('a kernel that runs out', () => {
  it.for(['daemon', 'fork', 'thread', 'nested'])(
    '%s under threadguard: it can fork at the trip and after, and nothing is left',
    async (mode) => {
      const facts = await boot('guarded', mode);
      expect(Object.fromEntries(facts), facts.get('output')).toMatchObject({
        controllers: expect.stringContaining('pids'),
        forks_at_trip: 'yes',
        exit: '113',
        forks_after: 'yes',
        left: '0',
        done: '',
      });
    },
  );
  it('the same bomb bare: it cannot', async () => {
    const facts = await boot('bare', 'daemon');
    expect(facts.get('forks_at_peak'), facts.get('output')).toBe('no');
  });
  it('a broker keeps greeting everybody beside a guarded bad deploy', async () => {
    const facts = await boot('broker', 'thread');
    expect(facts.get('exit_story'), facts.get('output')).toBe('0');
    expect(JSON.parse(facts.get('story') ?? '{}')).toMatchObject({ greeted: 20, lost: 0, lives: true, ended: 113 });
  });
  it('a cgroup tree that is read only is named, or refused; a full disk hides no evidence', async () => {
    const facts = await boot('bad-ground', 'thread');
    const said = facts.get('output') as string;
    expect(Object.fromEntries(facts), said).toMatchObject({
      exit_readonly: '0',
      exit_required: '125',
      exit_lowered: '113',
      left_lowered: '0',
      exit_daemons: '114',
      contained_daemons: '2',
      exit_full: '113',
      done: '',
    });
    expect(logOf(said, 'readonly')).toMatch(/"by":"sampling".*"fallbacks":\["not contained by a cgroup: .*EROFS/);
    expect(logOf(said, 'required')).toMatch(/^threadguard: --require-containment: .*EROFS.*\nhint: /);
    expect(logOf(said, 'lowered')).toMatch(
      /somebody lowered the limit on open files of the guard to 3: it is \d+ again/,
    );
    expect(logOf(said, 'full')).toMatch(/tasks read in [\s\S]*misbehave/);
    expect(logOf(said, 'full')).toMatch(/kept nowhere but here: cannot write .*incident\.json \(ENOSPC\)\nhint: /);
    expect(logOf(said, 'full')).not.toContain('"incident"');
  });
  it.for(['fork', 'thread'])(
    'in a container as an engine leaves it a %s bomb is stopped, as root and as a plain user',
    async (mode) => {
      const facts = await boot('container', mode);
      const output = facts.get('output') as string;
      for (const name of ['root', 'plain']) {
        expect([facts.get(`exit_${name}`), facts.get(`forks_beside_${name}`)], output).toEqual(['113', 'yes']);
        // The whole limit of 60 less the reserve, and the guard itself: no half lines.
        const [, line] =
          new RegExp(`^LAB said_${name} .*trips when it asks for more than (\\d+)`, 'm').exec(output) ?? [];
        expect(Number(line), output).toBeGreaterThan(28);
      }
      expect(output).toMatch(/^LAB said_root .*held by pids\.max of \/box \(60 tasks\), which stands around it/m);
      expect(facts.get('done'), output).toBe('');
    },
  );
  it('under systemd it stays within what was delegated, says so where nothing was, and stops as a service', async () => {
    const facts = await boot('systemd', 'thread');
    const said = facts.get('output') as string;
    expect(Object.fromEntries(facts), said).toMatchObject({
      exit_delegated: '113',
      result_delegated: 'exit-code',
      exit_plain: '0',
      result_plain: 'success',
      exit_required: '125',
      exit_capped: '113',
      forks_beside_capped: 'yes',
      exit_hardened: '113',
      forks_beside_hardened: 'yes',
      // As `threadguard unit` makes them: hardened, for root and for a user, the latter where V8 may not compile.
      exit_tight: '113',
      held_tight: '"by":"cgroup-v2"',
      exit_nojit: '113',
      held_nojit: '"by":"cgroup-v2"',
      leaves_staying: '2',
      // The command alone in its leaf, the guard in its own.
      counted_staying: expect.stringMatching(/^(1 \d+|\d+ 1) *$/),
      result_staying: 'success',
      active_notifying: 'active',
      status_notifying: expect.stringMatching(/^\d+ tasks?.*more threads until /),
      active_watched: 'active',
      result_notifying: 'success',
      result_asleep: 'watchdog',
      active_made: 'active',
      state_made: 'daemon',
      reloaded_made: '1',
      result_made: 'success',
      main_beside: '/bin/sh -c',
      leaves_beside: '2',
      result_beside: 'success',
      // Which of the two systemd hears of first is a race of its own.
      result_oomed: expect.stringMatching(/^(oom-kill|signal)$/),
      left_oomed: '0',
      result_stubborn: 'timeout',
      left: '0',
      done: '',
    });
    for (const name of ['tight', 'nojit']) expect(Number(facts.get(`exposure_${name}`)), said).toBeLessThanOrEqual(5);
    expect(logOf(said, 'delegated')).toMatch(/"by":"cgroup-v2".*delegated\.service\/threadguard\/threadguard-/s);
    // Nothing was delegated, but the unit has a limit of its own; a plain user has RLIMIT_NPROC as well.
    expect(logOf(said, 'capped')).toMatch(
      /"by":"sampling".*"setBy":"budget on pids\.max of \/system\.slice\/capped\.service"/,
    );
    expect(logOf(said, 'hardened')).toMatch(
      /"by":"rlimit".*"setBy":"budget on pids\.max of \/system\.slice\/hardened\.service"/,
    );
    expect(logOf(said, 'plain')).toMatch(/"by":"sampling".*systemd has not delegated \/system\.slice\/plain\.service/);
  });
  it('in a shell under systemd it gets a scope of its own, as root and as a plain user, or says why not', async () => {
    const facts = await boot('places', 'fork');
    const output = facts.get('output') as string;
    const said = (name: string): string =>
      [...output.matchAll(new RegExp(`^LAB said_${name} (.*?)\\r?$`, 'gm'))].map(([, line]) => line).join('\n');
    for (const name of ['session', 'busy', 'alone', 'plain', 'deaf']) {
      expect([name, facts.get(`exit_${name}`), facts.get(`left_${name}`)], output).toEqual([name, '113', '0']);
    }
    expect(said('session')).toMatch(
      /held by pids cgroup \S+\/user-0\.slice\/user-0-threadguard\.slice\/threadguard-misbehave-\d+\.scope\//,
    );
    expect(said('session')).toMatch(/note: .*a logout with KillUserProcesses=yes does not end it/);
    expect(said('busy')).toMatch(
      /held by pids cgroup \S+\/system-threadguard\.slice\/threadguard-misbehave-\d+\.scope\//,
    );
    // Alone in a scope that it may divide: nothing has to be asked for.
    expect(said('alone')).toMatch(/held by pids cgroup \S+\/system\.slice\/run-\w+\.scope\/threadguard\//);
    expect(said('plain')).toMatch(
      /held by pids cgroup \S+\/user@1234\.service\/app\.slice\/app-threadguard\.slice\/threadguard-misbehave-\d+\.scope\//,
    );
    expect(said('deaf')).toMatch(
      /held by pids\.max of \S+\/session-4\.scope \(\d+ tasks\), which stands around it[\s\S]*note: systemd did not make a scope: .*ENOENT/,
    );
    expect(Object.fromEntries(facts), output).toMatchObject({
      scope: expect.stringMatching(/^threadguard-sleep-\d+\.scope$/),
      description: 'threadguard: sleep',
      slice: expect.stringContaining('/user-0.slice/user-0-threadguard.slice/'),
      // A number: the kernel keeps the reserve there.
      pen: expect.stringMatching(/^\d+$/),
      gone: '0',
      manager: 'active',
      done: '',
    });
  });
  it('is predicted: each ceiling made the binding one in turn', async () => {
    const facts = await boot('ceilings', 'none');
    const said = facts.get('output') as string;
    expect(facts.get('done'), said).toBe('');
    const rows = [...said.matchAll(/^LAB row (.*?)\r?$/gm)].map(([, row]) => (row as string).split('|'));
    expect(rows.map(([name, , , errno, binding]) => [name, errno, binding])).toEqual(
      IN_THE_LAB.map(([name, binding, errno = 'EAGAIN']) => [name, errno, binding]),
    );
    const explained = [...said.matchAll(/^LAB explained (.*?)\r?$/gm)].map(([, row]) => row);
    expect(explained).toEqual(
      ['kernel.threads-max', 'kernel.pid_max', 'vm.max_map_count', 'CommitLimit'].map(
        (name) => `${name}|proved|${name}`,
      ),
    );
    for (const [name = '', predicted, made, , binding = ''] of rows) {
      noteRow(`lab, ${name}`, Number(predicted), Number(made), binding);
      const tolerance = binding === 'memory.max' ? 0.05 : 0.01;
      expect(near(Number(predicted), Number(made), tolerance), `${name}: ${predicted} said, ${made} made`).toBe(true);
    }
  });
  it('with the guard stopped the cap holds and the kernel can fork', async () => {
    const facts = await boot('guard-stopped', 'daemon');
    expect(facts.get('forks_while_stopped'), facts.get('output')).toBe('yes');
    expect(Number(facts.get('peak'))).toBeLessThanOrEqual(Number(facts.get('cap')));
    expect(Number(facts.get('peak'))).toBeGreaterThan(10);
  });
});
