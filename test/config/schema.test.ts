import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { POLICY_KEYS, WHEN_KEYS } from '../../src/config/policySchema.ts';
import { CONFIG_KEYS, checkConfig, jsonSchema } from '../../src/config/schema.ts';
import { keyOf } from '../../src/flags/flag.ts';
import { runFlags } from '../../src/flags/runFlags.ts';

describe('the keys of a file', () => {
  it('are every flag of run but two, and the policies', () => {
    const flags = runFlags().map(keyOf);
    expect(CONFIG_KEYS).toEqual([...flags.filter((key) => key !== 'config' && key !== 'sidecar'), 'policies']);
  });
  it('of a policy', () => {
    expect([POLICY_KEYS, WHEN_KEYS]).toEqual([
      ['name', 'when', 'then'],
      ['resource', 'above', 'exhaustsWithin', 'growsBy', 'for'],
    ]);
  });
});

describe('what is taken', () => {
  it.for<[key: string, good: unknown[], bad: unknown[]]>([
    ['name', ['orders', '100'], [5, '', null, ['a']]],
    ['budget', ['50%', { 'pids.max': '50%' }, {}], ['150%', { 'pids.max': 50 }, 5]],
    ['reserve', ['5%', 0, 300], ['5', -1, 1.5, true]],
    ['maxTasks', [1, 100_000], [0, -1, 1.5, '5', Number.NaN]],
    ['warnAt', ['80%', '0.5%', '100%', '100.0%'], ['0%', '101%', '80', 0.8, '']],
    ['grace', ['10s', '250ms', '1.5h', '0', 0], ['10', 10, '1d', '', null]],
    ['until', ['warn', 'kill'], ['Kill', '', 1]],
    ['dryRun', [true, false], ['true', 0, null]],
    ['inject', [true, false], ['no']],
    ['restart', ['no', 'always'], [false, 'never']],
    ['maxRestarts', ['5/10m', '1/1.5h'], ['0/10m', '5', '5/10', '5/10m ']],
    ['passFd', [[], [3, 1_023]], [[2], [1_024], 3, ['3']]],
    ['tell', ['file:/a', ['file:/a', 'unix:/b'], []], ['', [''], 5]],
    ['tellOn', [['trip'], []], ['trip', [5]]],
    ['metrics', ['127.0.0.1:9464'], [9464]],
    ['policies', [[]], [{}, 'a']],
  ])('%s', ([key, good, bad]) => {
    for (const value of good) expect(checkConfig({ [key]: value }), JSON.stringify(value)).toHaveProperty('document');
    for (const value of bad) expect(checkConfig({ [key]: value }), JSON.stringify(value)).toHaveProperty('issues');
  });
  it('is split into flags and policies', () => {
    const policy = parse('{when: {resource: tasks, above: 5}, then: [warn]}');
    expect(checkConfig({ grace: '1s', policies: [policy] })).toEqual({
      document: { flags: { grace: '1s' }, policies: [policy] },
    });
    expect(checkConfig({})).toEqual({ document: { flags: {}, policies: [] } });
  });
  it.for([
    [{ above: 5 }, true],
    [{ above: '80%' }, true],
    [{ exhaustsWithin: '5m' }, true],
    [{ growsBy: '100/s' }, true],
    [{ growsBy: '1.5/m', above: 5, exhaustsWithin: 0, for: '3 samples' }, true],
    [{ above: 5, for: '1 sample' }, true],
    [{ above: 5, for: '30s' }, true],
    [{}, false],
    [{ for: '30s' }, false],
    [{ above: 0 }, false],
    [{ above: 5, for: '0 samples' }, false],
    [{ above: 5, for: '3' }, false],
    [{ growsBy: '100' }, false],
    [{ growsBy: '-1/s' }, false],
  ] as const)('a policy when %j: %s', ([when, want]) => {
    const policy = { ...parse('then: [warn]'), when: { resource: 'tasks', ...when } };
    const found = checkConfig({ policies: [policy] });
    expect('document' in found).toBe(want);
  });
});

describe('the schema for editors', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(jsonSchema());
  it('is the one that is shipped: npm run docs makes it', () => {
    const shipped = JSON.parse(readFileSync(new URL('../../schema/config.json', import.meta.url), 'utf8'));
    expect(shipped).toEqual(jsonSchema());
  });
  it('takes the example, and an empty file', () => {
    const example = readFileSync(new URL('../../examples/threadguard.yaml', import.meta.url), 'utf8');
    expect([validate(parse(example)), validate({})]).toEqual([true, true]);
  });
  it.for([{ grase: '1s' }, { grace: 10 }, { maxTasks: 0 }, { policies: [{ when: {} }] }])(
    'refuses %j, as the guard does',
    (value) => {
      expect([validate(value), 'issues' in checkConfig(value)]).toEqual([false, true]);
    },
  );
  it('explains every key', () => {
    const { properties } = jsonSchema() as { properties: Record<string, { description?: string }> };
    for (const key of CONFIG_KEYS.filter((one) => one !== 'policies'))
      expect(properties[key]?.description, key).toMatch(/^([a-z]|YAML)/);
  });
});
