import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { failureOf } from '../../src/cli/failure.ts';
import { runCommand } from '../../src/cli/runCommand.ts';
import { runFlags } from '../../src/flags/runFlags.ts';
import type { Reload, RunOptions } from '../../src/session/runOptions.ts';
import { runOptions } from '../fixtures/commandLine.ts';
import { makeOwnDir } from '../fixtures/ownDir.ts';

const OWN = makeOwnDir();
const CONFIG = join(OWN, 'guard.yaml');
cpSync('examples/threadguard.yaml', CONFIG);
afterAll(() => rmSync(OWN, { recursive: true }));

/** Every flag of `run` with a value of its own, and the one place in the options where it must arrive. */
const ROWS: readonly (readonly [words: string, path: string, want: unknown])[] = [
  [`--config ${CONFIG}`, 'service.config', CONFIG],
  ['--name orders', 'service.name', 'orders'],
  ['--budget pids.max=50% host=5%', 'settings.budget.shares', { 'pids.max': 0.5, host: 0.05 }],
  ['--reserve 300', 'settings.budget.reserve', { tasks: 300 }],
  ['--max-tasks 1,500', 'settings.maxTasks', 1_500],
  ['--max-maps 60000', 'settings.maxMaps', 60_000],
  ['--leash 64', 'settings.leash', 64],
  ['--warn-at 75%', 'settings.warnAt', 0.75],
  ['--horizon 1m', 'settings.horizonMs', 60_000],
  ['--start-grace 0', 'settings.startGraceMs', 0],
  ['--patience 1s', 'settings.patienceMs', 1_000],
  ['--grace 3s', 'settings.graceMs', 3_000],
  ['--dump-timeout 2s', 'settings.dumpTimeoutMs', 2_000],
  ['--until clamp', 'settings.until', 'clamp'],
  ['--dry-run', 'settings.dryRun', true],
  ['--contain cgroup', 'settings.contain', 'cgroup'],
  ['--require-containment', 'settings.requireContainment', true],
  ['--on-guard-death kill', 'settings.onGuardDeath', 'kill'],
  ['--notify off', 'service.notify', 'off'],
  ['--sidecar', 'launch.sidecar', true],
  ['--on-daemons kill', 'launch.onDaemons', 'kill'],
  ['--pass-fd 3 7', 'launch.passFds', [3, 7]],
  ['--incident-dir /tmp/i', 'evidence.incidentDir', '/tmp/i'],
  ['--keep 3', 'evidence.keep', 3],
  ['--capture-stderr', 'evidence.captureStderr', true],
  ['--jvm-thread-events', 'evidence.jvmThreadEvents', true],
  ['--jvm-output /var/log/jvm', 'evidence.jvmOutput', '/var/log/jvm'],
  ['--no-inject', 'launch.inject', false],
  ['--restart on-failure', 'restart.mode', 'on-failure'],
  ['--restart-delay 5s', 'restart.delayMs', 5_000],
  ['--restart-max-delay 5m', 'restart.mostDelayMs', 300_000],
  ['--max-restarts 3/1h', 'restart.most', { count: 3, windowMs: 3_600_000 }],
  ['--state-file /tmp/s', 'service.stateFile', '/tmp/s'],
  ['--on-trip-exec reboot', 'service.onTripExec', 'reboot'],
  ['--on-trip-timeout 5s', 'service.onTripTimeoutMs', 5_000],
  ['--metrics 127.0.0.1:9464', 'metrics.address', '127.0.0.1:9464'],
  ['--metrics-file /tmp/m.prom', 'metrics.file', '/tmp/m.prom'],
  ['--tell file:/a --tell unix:/b', 'telling.destinations', ['file:/a', 'unix:/b']],
  ['--tell-on trip kill', 'telling.events', ['trip', 'kill']],
  ['--log-format json', 'output.logFormat', 'json'],
  ['--log-file /tmp/l', 'output.logFile', '/tmp/l'],
  ['--quiet', 'output.quiet', true],
  ['--progress', 'output.progress', true],
];

describe('a flag of run', () => {
  it.for(ROWS)('%s arrives as %s', async ([words, path, want]) => {
    const options = await runOptions([...words.split(' '), '--', 'true']);
    expect(path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], options)).toEqual(want);
  });
  it('is in the table above: every one of them', () => {
    const given = ROWS.map(([words]) => words.split(' ')[0]?.slice(2));
    expect(given.sort()).toEqual(
      runFlags()
        .map(({ name }) => name)
        .sort(),
    );
  });
  it('changes its own field and no other', async () => {
    const plain = await runOptions([]);
    for (const [words, path] of ROWS) {
      // A file sets more than one.
      if (path === 'service.config') continue;
      const options = await runOptions(words.split(' '));
      expect(
        differences(plain, options).every((one) => one.startsWith(path)),
        words,
      ).toBe(true);
    }
  });
});

describe('the words of run', () => {
  const parse = async (...words: string[]): Promise<RunOptions> => {
    let found: RunOptions | undefined;
    const command = runCommand(async (options) => {
      found = options;
    });
    await command.exitOverride().parseAsync(words, { from: 'user' });
    return found as RunOptions;
  };
  it('after -- belong to the command, flags and all', async () => {
    const { command, output } = await parse('--', 'echo', '--quiet', '--help', '--', '-x');
    expect([command, output.quiet]).toEqual([['echo', '--quiet', '--help', '--', '-x'], false]);
  });
  it('after the first word that is no flag belong to the command, without -- too', async () => {
    const { command, output } = await parse('--quiet', 'sleep', '--quiet', '1');
    expect([command, output.quiet]).toEqual([['sleep', '--quiet', '1'], true]);
  });
  it('--flag=value is the same as --flag value', async () => {
    expect((await parse('--grace=3s', '--', 'true')).settings.graceMs).toBe(3_000);
  });
  it('a flag that is given twice counts the second time; a list grows', async () => {
    const { launch, settings } = await parse(
      '--grace',
      '3s',
      '--pass-fd',
      '4',
      '--grace',
      '5s',
      '--pass-fd',
      '5',
      '--',
      'true',
    );
    expect([settings.graceMs, launch.passFds]).toEqual([5_000, [4, 5]]);
  });
  it('are read again as they were, with the file as it is now', async () => {
    let again: Reload | undefined;
    const command = runCommand(async (_, reload) => {
      again = reload;
    });
    await command.exitOverride().parseAsync(['--grace', '3s', '--no-inject', '--pass-fd', '4', '--', 'sleep', '1'], {
      from: 'user',
    });
    const { settings } = await parse('--grace', '3s', '--no-inject', '--pass-fd', '4', '--', 'sleep', '1');
    expect(await again?.()).toEqual({ settings, needsRestart: [] });
  });
});

describe('a refusal of run', () => {
  it.for([
    ['--max-task 5', "unknown option '--max-task'", 'Did you mean --max-tasks?'],
    ['--frobnicate', "unknown option '--frobnicate'", 'threadguard run --help lists every option'],
    ['--grace', "option '--grace <duration>' argument missing", 'threadguard run --help lists every option'],
    ['--grace banana', /argument 'banana' is invalid. It must be a duration like 250ms, 10s or 5m\.$/, /run --help/],
    ['--warn-at 0%', /It must be a share above 0% and at most 100%\.$/, /run --help/],
    ['--budget pid_max=5%', /NAME is one of .*kernel\.pid_max/, /run --help/],
    ['--until killl', /Allowed choices are warn, clamp, dump, terminate, kill\.$/, /run --help/],
    ['--max-tasks 0', /It must be a whole number from 1\.$/, /run --help/],
    ['--pass-fd 2', /It must be a descriptor from 3 to 1023\.$/, /run --help/],
    ['--tell-on wran', /It must be one of start, contained/, /run --help/],
    ['--max-restarts 5', /It must be a number and a time, like 5\/10m\.$/, /run --help/],
    ['--reserve some', /It must be a number of tasks or a share like 5%\.$/, /run --help/],
  ] as const)('%s: exit 125, and how to do it right', async ([words, message, hint]) => {
    const error = await runOptions(words.split(' ')).catch((reason: unknown) => reason);
    const { exitCode, text } = failureOf(error);
    const [first = '', second = ''] = text.split('\n');
    expect(exitCode).toBe(125);
    expect(first.replace('threadguard: ', '')).toMatch(message);
    expect(second.replace('  hint: ', '')).toMatch(hint);
  });
});

/** Paths at which two values differ: `settings.graceMs`. */
function differences(a: unknown, b: unknown, path = ''): string[] {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null || Array.isArray(a))
    return JSON.stringify(a) === JSON.stringify(b) ? [] : [path];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) =>
    differences(
      (a as Record<string, unknown>)[key],
      (b as Record<string, unknown>)[key],
      path === '' ? key : `${path}.${key}`,
    ),
  );
}
