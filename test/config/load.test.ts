import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, problemLines } from '../../src/config/load.ts';
import { makeOwnDir } from '../fixtures/ownDir.ts';

let dir: string;
beforeEach(() => {
  dir = makeOwnDir();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const load = (text: string): ReturnType<typeof loadConfig> => {
  const path = join(dir, 'guard.yaml');
  writeFileSync(path, text);
  return loadConfig(path);
};

describe('values become words as somebody would have typed them', () => {
  it.for([
    ['grace: 1s', 'grace', '1s'],
    ['grace: 0', 'grace', '0'],
    ['maxTasks: 800', 'maxTasks', '800'],
    ['quiet: true', 'quiet', true],
    ['inject: false', 'inject', false],
    ['passFd: [3, 4]', 'passFd', ['3', '4']],
    ['tell: file:/a', 'tell', 'file:/a'],
    ['tell: [file:/a]', 'tell', ['file:/a']],
    ['budget: 50%', 'budget', '50%'],
    ['budget: {pids.max: 50%, user: 1%}', 'budget', ['pids.max=50%', 'user=1%']],
  ] as const)('%s', ([text, key, want]) => {
    expect(load(`${text}\n`).values.get(key)).toEqual(want);
  });
  it('and only those that stand in the file', () => {
    expect([...load('grace: 1s\n').values.keys()]).toEqual(['grace']);
    expect([...load('').values.keys()]).toEqual([]);
  });
  it('of which each knows its line', () => {
    const { lineOf } = load('# mine\ngrace: 1s\n\nquiet: true\n');
    expect([lineOf('grace'), lineOf('quiet')]).toEqual([2, 4]);
  });
});

describe('policies become rules', () => {
  const rule = (when: string, more = '') =>
    load(`policies:\n  - when: {resource: tasks, ${when}}\n    then: [warn, kill]\n${more}`).rules[0];
  it('with every condition', () => {
    expect(rule('above: 80%, exhaustsWithin: 5m, growsBy: 90/m, for: 3 samples', '    name: leak\n')).toEqual({
      name: 'leak',
      resource: 'tasks',
      above: { share: 0.8 },
      exhaustsWithinMs: 300_000,
      growsPerSecond: 1.5,
      lasts: { samples: 3 },
      steps: ['warn', 'kill'],
    });
  });
  it('or with one; without a time the first look decides, without a name its place is its name', () => {
    expect(rule('above: 500')).toEqual({
      name: 'policies[0]',
      resource: 'tasks',
      above: 500,
      exhaustsWithinMs: undefined,
      growsPerSecond: undefined,
      lasts: { samples: 1 },
      steps: ['warn', 'kill'],
    });
  });
  it.for([
    ['growsBy: 100/s', { growsPerSecond: 100 }],
    ['growsBy: 0.6/m', { growsPerSecond: 0.01 }],
    ['exhaustsWithin: 0', { exhaustsWithinMs: 0 }],
    ['above: 1, for: 1 sample', { lasts: { samples: 1 } }],
    ['above: 1, for: 30s', { lasts: { ms: 30_000 } }],
    ['above: 100%', { above: { share: 1 } }],
  ] as const)('%s', ([when, want]) => {
    expect(rule(when)).toMatchObject(want);
  });
});

describe('a file that is wrong', () => {
  it('is refused with everything that is wrong, a line each', () => {
    expect(() => load('grase: 1s\nuntil: x\n')).toThrow(
      expect.objectContaining({
        code: 'bad-config',
        exitCode: 125,
        message: expect.stringMatching(
          /^\S*guard\.yaml:1:1: unknown key "grase" \(did you mean grace\?\)\n\S*guard\.yaml:2:8: until must be/,
        ),
        hint: expect.stringContaining('threadguard config check --config FILE'),
      }),
    );
  });
  it('is told like a compiler tells', () => {
    expect(
      problemLines('a.yaml', [
        { line: 3, column: 8, message: 'm', hint: 'h' },
        { line: 4, column: 1, message: 'n', hint: undefined },
      ]),
    ).toEqual(['a.yaml:3:8: m (h)', 'a.yaml:4:1: n']);
  });
});
