import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { variableOf } from '../../src/flags/flag.ts';
import { runFlags } from '../../src/flags/runFlags.ts';
import { runOptions } from '../fixtures/commandLine.ts';
import { makeOwnDir } from '../fixtures/ownDir.ts';

let dir: string;
beforeEach(() => {
  dir = makeOwnDir();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = (text: string): string => {
  const path = join(dir, 'guard.yaml');
  writeFileSync(path, text);
  return path;
};

describe('who wins', () => {
  const inFile = 'grace: 1s\nquiet: true\npassFd: [9]\ninject: false\n';
  it.for([
    { name: 'a default', words: [], env: {}, text: '', want: [10_000, false, [], true] },
    { name: 'a file over a default', words: [], env: {}, text: inFile, want: [1_000, true, [9], false] },
    {
      name: 'a variable over a file',
      words: [],
      env: {
        THREADGUARD_GRACE: '2s',
        THREADGUARD_QUIET: 'no',
        THREADGUARD_PASS_FD: '7 8',
        THREADGUARD_INJECT: 'yes',
      },
      text: inFile,
      want: [2_000, false, [7, 8], true],
    },
    {
      name: 'a flag over a variable',
      words: ['--grace', '3s', '--quiet', '--pass-fd', '5', '--no-inject'],
      env: { THREADGUARD_GRACE: '2s', THREADGUARD_QUIET: 'no', THREADGUARD_PASS_FD: '7', THREADGUARD_INJECT: 'yes' },
      text: '',
      want: [3_000, true, [5], false],
    },
  ])('$name', async ({ env, text, want, words }) => {
    const config = text === '' ? [] : ['--config', file(text)];
    const { launch, output, settings } = await runOptions([...config, ...words], env as Record<string, string>);
    expect([settings.graceMs, output.quiet, launch.passFds, launch.inject]).toEqual(want);
  });
  it('each setting for itself', async () => {
    const config = file('grace: 1s\nmaxTasks: 100\npatience: 9s\nbudget: {pids.max: 50%}\n');
    const { settings } = await runOptions(['--config', config, '--max-tasks', '300'], {
      THREADGUARD_MAX_TASKS: '200',
      THREADGUARD_GRACE: '2s',
    });
    expect(settings).toMatchObject({ maxTasks: 300, graceMs: 2_000, patienceMs: 9_000, horizonMs: 300_000 });
    expect(settings.budget.shares).toEqual({ 'pids.max': 0.5 });
  });
  it('the file itself may come from the environment', async () => {
    const options = await runOptions([], { THREADGUARD_CONFIG: file('name: orders\nmaxTasks: 7\n') });
    expect([options.service.name, options.settings.maxTasks]).toEqual(['orders', 7]);
  });
  it('a budget from a stronger layer takes the place of the whole budget of a weaker one', async () => {
    const config = file('budget: {pids.max: 50%, memory.max: 10%}\n');
    const { settings } = await runOptions(['--config', config], { THREADGUARD_BUDGET: 'pids.max=20% RLIMIT_NPROC=5%' });
    expect(settings.budget.shares).toEqual({ 'pids.max': 0.2, RLIMIT_NPROC: 0.05 });
  });
  it('one destination may stand alone in a file', async () => {
    expect((await runOptions(['--config', file('tell: file:/tmp/x\n')])).telling.destinations).toEqual(['file:/tmp/x']);
  });
});

describe('a variable', () => {
  it.for(runFlags().map((flag) => [variableOf(flag)]))('%s is known', async ([name]) => {
    const error = await runOptions([], { [name as string]: '\u0000' }).catch((reason: unknown) => reason);
    expect(String((error as Error).message ?? '')).not.toContain('which is no setting');
  });
  it.for(['1', 'true', 'TRUE', 'yes', 'on'])('%j is yes', async (word) => {
    expect((await runOptions([], { THREADGUARD_DRY_RUN: word })).settings.dryRun).toBe(true);
  });
  it.for(['0', 'false', 'no', 'Off', ''])('%j is no', async (word) => {
    expect((await runOptions([], { THREADGUARD_DRY_RUN: word })).settings.dryRun).toBe(false);
  });
  it('that the guard sets for its own commands is not meant for it', async () => {
    const own = {
      THREADGUARD_EVENT: 'trip',
      THREADGUARD_INCIDENT: '/x',
      THREADGUARD_REASON: 'y',
      THREADGUARD_TARGET: 'z',
    };
    expect((await runOptions([], own)).settings.graceMs).toBe(10_000);
  });
  it.for<[string, Record<string, string>, RegExp, RegExp]>([
    [
      'that is misspelt',
      { THREADGUARD_MAXTASKS: '5' },
      /THREADGUARD_MAXTASKS, which is no setting/,
      /did you mean THREADGUARD_MAX_TASKS\?/,
    ],
    ['of nothing', { THREADGUARD_FROBNICATE: '5' }, /THREADGUARD_FROBNICATE, which is no setting/, /^unset it; /],
    ['that is neither yes nor no', { THREADGUARD_QUIET: 'perhaps' }, /neither yes nor no/, /THREADGUARD_QUIET=true/],
    ['that the flag refuses', { THREADGUARD_GRACE: '10' }, /THREADGUARD_GRACE: 10 is not taken: It must be/, /--grace/],
    ['that is none of the choices', { THREADGUARD_UNTIL: 'x' }, /THREADGUARD_UNTIL: x is not taken/, /--until/],
    [
      'with one bad word of several',
      { THREADGUARD_PASS_FD: '5 x' },
      /THREADGUARD_PASS_FD: 5 x is not taken/,
      /--pass-fd/,
    ],
  ])('%s is refused', async ([, env, message, hint]) => {
    await expect(runOptions([], env)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });
});

describe('a file that a flag does not take', () => {
  it.for([
    ['grace: 1s\ntellOn: [wran]\n', /guard\.yaml:2: tellOn: wran is not taken: It must be one of start/],
    ['budget:\n  pid_max: 5%\n', /guard\.yaml:2: budget: pid_max=5% is not taken: It must be NAME=50%/],
  ] as const)('is refused by line: %j', async ([text, want]) => {
    await expect(runOptions(['--config', file(text)])).rejects.toThrow(want);
  });
});
