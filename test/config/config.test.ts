import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../src/cli/options.ts';
import { loadConfig } from '../../src/config/load.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { CONFIG_KEYS, jsonSchema } from '../../src/config/schema.ts';

const example = readFileSync(new URL('../../examples/threadguard.yaml', import.meta.url), 'utf8');
const problems = (text: string) => {
  const parsed = parseConfig(text);
  return parsed.isGood ? [] : parsed.problems.map(({ column, hint, line, message }) => [line, column, message, hint]);
};

describe('a file', () => {
  it('the example is good, and an empty one is', () => {
    expect(problems(example)).toEqual([]);
    expect(problems('')).toEqual([]);
    expect(problems('# nothing\n')).toEqual([]);
  });
  it.each<[string, string, [number, number, RegExp, RegExp?]]>([
    ['a key that is misspelt', 'maxTask: 5\n', [1, 1, /unknown key "maxTask"/, /did you mean maxTasks\?/]],
    ['a key of nothing', 'grace: 1s\nfrobnicate: 1\n', [2, 1, /unknown key/, /known here: name, budget/]],
    ['a duration without unit', 'grace: 10\n', [1, 8, /grace must be a duration like/]],
    ['a share above the whole', '\nwarnAt: 180%\n', [2, 9, /warnAt must be a share/]],
    ['no share at all', 'warnAt: 0%\n', [1, 9, /above 0%/]],
    ['a word that is none of them', 'until: killl\n', [1, 8, /until must be one of warn, clamp/]],
    ['half a thread', 'maxTasks: 1.5\n', [1, 11, /maxTasks must be a whole number/]],
    ['not a number', 'maxTasks: .nan\n', [1, 11, /maxTasks must be a whole number/]],
    ['yes and no', 'dryRun: maybe\n', [1, 9, /dryRun must be true or false/]],
    ['a list where none is', 'grace: [1s]\n', [1, 8, /grace must be a duration/]],
    ['a file that is a list', '- a\n', [1, 1, /the file must be a mapping/]],
    ['YAML that is none', 'a: [1\nb: 2\n', [2, 1, /./, /must be YAML/]],
    ['a key twice', 'grace: 1s\ngrace: 2s\n', [2, 1, /unique/, /must be YAML/]],
    [
      'a policy without steps',
      'policies:\n  - when: {resource: tasks, above: 5}\n    then: []\n',
      [3, 11, /policies\[0\]\.then must name/],
    ],
    [
      'a policy without a condition',
      'policies:\n  - when: {resource: tasks}\n    then: [warn]\n',
      [2, 11, /needs one of above/],
    ],
    [
      'a misspelt condition',
      'policies:\n  - when: {resource: tasks, exhaustWithin: 5m}\n    then: [warn]\n',
      [2, 29, /unknown key "exhaustWithin"/, /did you mean exhaustsWithin/],
    ],
    [
      'a step that is none',
      'policies:\n  - when: {resource: tasks, above: 5}\n    then: [warn, explode]\n',
      [3, 18, /then\[1\] must be one of/],
    ],
    [
      'a thing with millions of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((key, index) => `${key}: &${key} [${Array(10).fill(`*${'abcdefg'[index]}`).join(',')}]\n`)
        .join('')}`,
      [1, 1, /alias/i],
    ],
  ])('%s is told by line and column', (_, text, [line, column, message, hint]) => {
    const found = problems(text);
    expect(found[0]?.slice(0, 2)).toEqual([line, column]);
    expect(found[0]?.[2]).toMatch(message);
    if (hint !== undefined) expect(found[0]?.[3]).toMatch(hint);
  });
  it('tells of everything that is wrong, not of the first thing', () => {
    expect(
      problems('maxTask: 5\ngrace: 3\nuntil: x\n')
        .map(([line]) => line)
        .sort(),
    ).toEqual([1, 2, 3]);
  });
  it('a thousand mutations of it are taken or refused with a position, and nothing else happens', () => {
    const mutation = fc.record({
      at: fc.nat(example.length),
      length: fc.nat(12),
      text: fc.oneof(
        fc.string({ maxLength: 8 }),
        fc.constantFrom(
          ': ',
          '\n  ',
          '- ',
          '{',
          '}',
          '[',
          '"',
          "'",
          '&a',
          '*a',
          '!!',
          '\t',
          '%',
          '\0',
          '__proto__: 1\n',
        ),
      ),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        let text = example;
        for (const { at, length, text: insert } of mutations)
          text = text.slice(0, at) + insert + text.slice(at + length);
        const parsed = parseConfig(text);
        if (parsed.isGood) return Object.keys(parsed.document.flags).every((key) => CONFIG_KEYS.includes(key));
        return (
          parsed.problems.length > 0 &&
          parsed.problems.every(({ column, line, message }) => line >= 1 && column >= 1 && message !== '')
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the schema', () => {
  it('has a key for every flag of run that a file may set', () => {
    const flags = runCommand(async () => {}).options.map((option) => option.attributeName());
    const own = ['config', 'sidecar'];
    expect([...CONFIG_KEYS].sort()).toEqual([...flags.filter((flag) => !own.includes(flag)), 'policies'].sort());
  });
  it('is the one that is shipped', () => {
    const shipped = JSON.parse(readFileSync(new URL('../../schema/config.json', import.meta.url), 'utf8'));
    expect(shipped).toEqual(jsonSchema());
  });
});

describe('layers', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tgconfig-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const file = (text: string) => {
    const path = join(dir, 'c.yaml');
    writeFileSync(path, text);
    return path;
  };
  const parse = async (words: readonly string[], env: Record<string, string> = {}) => {
    const before = { ...process.env };
    Object.assign(process.env, env);
    try {
      let found: Parameters<Parameters<typeof runCommand>[0]>[0] | undefined;
      await runCommand(async (options) => {
        found = options;
      })
        .exitOverride()
        .parseAsync([...words, '--', 'true'], { from: 'user' });
      return found as NonNullable<typeof found>;
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
      Object.assign(process.env, before);
    }
  };
  it('flags before environment before file before default', async () => {
    const config = file('grace: 1s\nmaxTasks: 100\npatience: 9s\nbudget: {pids.max: 50%}\n');
    const { settings } = await parse(['--config', config, '--max-tasks', '300'], {
      THREADGUARD_MAX_TASKS: '200',
      THREADGUARD_GRACE: '2s',
    });
    expect(settings).toMatchObject({ maxTasks: 300, graceMs: 2_000, patienceMs: 9_000, horizonMs: 300_000 });
    expect(settings.budget.shares).toEqual({ 'pids.max': 0.5 });
  });
  it('the file itself may come from the environment; yes and no are words', async () => {
    const config = file('captureStderr: true\ninject: false\ntell: file:/tmp/x\npassFd: []\n');
    const options = await parse([], {
      THREADGUARD_CONFIG: config,
      THREADGUARD_DRY_RUN: 'false',
      THREADGUARD_QUIET: 'yes',
    });
    expect(options).toMatchObject({ captureStderr: true, inject: false, quiet: true, tell: ['file:/tmp/x'] });
    expect(options.settings.dryRun).toBe(false);
  });
  it.each<[string, Record<string, string>, RegExp, RegExp]>([
    [
      'a variable that is misspelt',
      { THREADGUARD_MAXTASKS: '5' },
      /THREADGUARD_MAXTASKS, which is no setting/,
      /THREADGUARD_MAX_TASKS/,
    ],
    ['a word that is neither yes nor no', { THREADGUARD_QUIET: 'perhaps' }, /neither yes nor no/, /true/],
    ['a value that the flag refuses', { THREADGUARD_GRACE: '10' }, /THREADGUARD_GRACE: 10 is not taken/, /--grace/],
    ['a choice that there is not', { THREADGUARD_UNTIL: 'x' }, /not taken/, /--until/],
  ])('%s is refused', async (_, env, message, hint) => {
    await expect(parse([], env)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });
  it.skipIf(process.getuid?.() !== 0)('root takes no file that others may write', () => {
    const path = file('grace: 1s\n');
    expect(loadConfig(path).values.get('grace')).toBe('1s');
    chmodSync(path, 0o666);
    expect(() => loadConfig(path)).toThrow(/everybody may write it/);
    chmodSync(path, 0o644);
    chownSync(path, 12_345, 0);
    expect(() => loadConfig(path)).toThrow(/belongs to uid 12345/);
    chownSync(path, 0, 0);
    chmodSync(dir, 0o777);
    expect(() => loadConfig(path)).toThrow(/of its directory: everybody may write it/);
    chmodSync(dir, 0o1777);
    expect(loadConfig(path).rules).toEqual([]);
  });
  it.each([
    ['a directory', (at: string) => mkdirSync(at), /it is no file/],
    ['nothing', () => {}, /ENOENT/],
    ['two megabytes', (at: string) => writeFileSync(at, '#'.repeat(2 << 20)), /larger than 1 MiB/],
  ])('%s is refused', (_, make, want) => {
    const path = join(dir, 'odd');
    make(path);
    expect(() => loadConfig(path)).toThrow(want);
  });
});
