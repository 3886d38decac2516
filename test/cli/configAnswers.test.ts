import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkConfiguration, showConfiguration } from '../../src/cli/configAnswers.ts';
import { parseRunWords } from '../../src/cli/runCommand.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { CONFIG_KEYS } from '../../src/config/schema.ts';
import { keyOf } from '../../src/flags/flag.ts';
import { runFlags } from '../../src/flags/runFlags.ts';
import { withVariables } from '../fixtures/commandLine.ts';
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
const line = (text: string, key: string): string | undefined =>
  text.split('\n').find((one) => one.replace(/^# /, '').startsWith(`${key}:`));

describe('config show', () => {
  it('has a line for every flag of run', async () => {
    const shown = await showConfiguration([], false);
    expect(shown.trim().split('\n')).toHaveLength(runFlags().length);
    for (const flag of runFlags()) expect(line(shown, keyOf(flag)), flag.name).toBeDefined();
  });
  it.for<[words: string, key: string, want: string]>([
    ['', 'grace', 'grace: 10s'],
    ['', 'maxTasks', '# maxTasks: not set'],
    ['', 'inject', 'inject: true'],
    ['', 'dryRun', 'dryRun: false'],
    ['', 'maxRestarts', 'maxRestarts: 5/10m'],
    ['', 'budget', '# budget: not set'],
    ['', 'reserve', '# reserve: 5%, and at least 16 tasks'],
    ['--grace 90s', 'grace', 'grace: 90s'],
    ['--grace 1500ms', 'grace', 'grace: 1500ms'],
    ['--grace 0', 'grace', 'grace: 0ms'],
    ['--max-tasks 4,096', 'maxTasks', 'maxTasks: 4096'],
    ['--reserve 300', 'reserve', 'reserve: 300'],
    ['--reserve 7%', 'reserve', 'reserve: 7%'],
    ['--budget 50%', 'budget', 'budget: 50%'],
    ['--budget pids.max=50% --budget user=1%', 'budget', 'budget: {"pids.max":"50%","user":"1%"}'],
    ['--no-inject', 'inject', 'inject: false'],
    ['--pass-fd 3 4', 'passFd', 'passFd: [3,4]'],
    ['--tell file:/a', 'tell', 'tell: ["file:/a"]'],
    ['--sidecar', 'sidecar', '# sidecar: true'],
  ])('%s → %s', async ([words, key, want]) => {
    expect(line(await showConfiguration(words.split(' ').filter(Boolean), false), key)).toBe(want);
  });
  it('--origin says where each comes from', async () => {
    const path = file('# mine\npatience: 9s\nmaxTasks: 100\ngrace: 1s\n');
    const shown = await withVariables({ THREADGUARD_GRACE: '2s' }, () =>
      showConfiguration(['--config', path, '--max-tasks', '300'], true),
    );
    expect(['grace', 'maxTasks', 'patience', 'horizon', 'leash'].map((key) => line(shown, key))).toEqual([
      expect.stringMatching(/^grace: 2s +# THREADGUARD_GRACE$/),
      expect.stringMatching(/^maxTasks: 300 +# command line$/),
      expect.stringMatching(/^patience: 9s +# .*guard\.yaml:2$/),
      expect.stringMatching(/^horizon: 5m +# default$/),
      '# leash: not set',
    ]);
  });
  it('names the policies of the file', async () => {
    const path = file('policies:\n  - name: leak\n    when: {resource: tasks, above: 5}\n    then: [warn]\n');
    expect(await showConfiguration(['--config', path], false)).toMatch(/\n# policies: leak\n$/);
  });
  it('a command after -- is not looked at', async () => {
    expect(
      line(await showConfiguration(['--grace', '3s', '--', 'no-such-command', '--grace', '9s'], false), 'grace'),
    ).toBe('grace: 3s');
  });
});

describe('what config show prints is a file that says the same', () => {
  const word = (flag: string, values: fc.Arbitrary<string>) =>
    fc.option(
      values.map((value) => [flag, value]),
      { nil: [] as string[] },
    );
  const words = fc
    .tuple(
      word(
        '--grace',
        fc.nat(100_000).map((ms) => `${ms}ms`),
      ),
      word(
        '--horizon',
        fc.integer({ min: 1, max: 600 }).map((m) => `${m}m`),
      ),
      word(
        '--warn-at',
        fc.integer({ min: 1, max: 1_000 }).map((tenths) => `${tenths / 10}%`),
      ),
      word('--max-tasks', fc.integer({ min: 1, max: 100_000 }).map(String)),
      word(
        '--reserve',
        fc.oneof(
          fc.nat(5_000).map(String),
          fc.integer({ min: 1, max: 100 }).map((n) => `${n}%`),
        ),
      ),
      word('--budget', fc.constantFrom('50%', 'pids.max=40%', 'host=9%')),
      word('--until', fc.constantFrom('warn', 'clamp', 'kill')),
      word(
        '--max-restarts',
        fc.integer({ min: 1, max: 9 }).map((n) => `${n}/90s`),
      ),
      word('--pass-fd', fc.integer({ min: 3, max: 1_023 }).map(String)),
      word('--tell-on', fc.constantFrom('trip', 'warn')),
      word('--name', fc.constantFrom('orders', 'a: b', "it's", '100', 'yes', '# no')),
      fc.constantFrom([], ['--no-inject'], ['--dry-run', '--quiet']),
    )
    .map((parts) => parts.flat());
  it('for any flags', async () => {
    await fc.assert(
      fc.asyncProperty(words, async (given) => {
        const { options: typed } = await parseRunWords(given);
        const path = file(await showConfiguration(given, true));
        const { options: read } = await parseRunWords(['--config', path]);
        expect({ ...read, service: { ...read.service, config: undefined } }).toEqual(typed);
      }),
      { numRuns: 60 },
    );
  });
});

describe('config check', () => {
  it.for([
    ['# nothing\n', '0 settings, 0 policies'],
    ['grace: 1s\n', '1 setting, 0 policies'],
    [
      'grace: 1s\nquiet: true\npolicies:\n  - when: {resource: maps, above: 5}\n    then: [dump]\n',
      '2 settings, 1 policy',
    ],
  ] as const)('%j is good', async ([text, want]) => {
    const path = file(text);
    expect(await checkConfiguration(path)).toBe(`${path} is good: ${want}\n`);
  });
  it('the example of the documentation is good', async () => {
    const path = file(readFileSync('examples/threadguard.yaml', 'utf8'));
    expect(await checkConfiguration(path)).toMatch(/is good: 9 settings, 2 policies\n$/);
  });
  it('exit 1: with what is wrong in the file, and with what only the flag refuses', async () => {
    await expect(checkConfiguration(file('grase: 1s\nuntil: x\n'))).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/guard\.yaml:1:1: .*\n.*guard\.yaml:2:8: /),
    });
    await expect(checkConfiguration(file('tellOn: [wran]\n'))).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/tellOn: wran is not taken/),
    });
  });
  it('whatever a file says, the answer is one line or a refusal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...CONFIG_KEYS), fc.jsonValue({ maxDepth: 1 }), async (key, value) => {
        const text = `${key}: ${JSON.stringify(value)}\n`;
        const path = file(text);
        const said = await checkConfiguration(path).catch((error: { exitCode?: number }) => error.exitCode);
        expect(typeof said === 'string' ? said.endsWith('policies\n') : said === 1, text).toBe(true);
        if (typeof said === 'string') expect(parseConfig(text).isGood).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
