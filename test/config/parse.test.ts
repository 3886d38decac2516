import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { CONFIG_KEYS } from '../../src/config/schema.ts';

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
    ['a key without a value', 'grace:\n', [1, 7, /grace must be a duration like/]],
    ['nothing where a word is wanted', 'name: ""\n', [1, 7, /name must not be empty/]],
    ['a number where a word is wanted', 'name: 5\n', [1, 7, /name must be a string/]],
    ['no restarts', 'maxRestarts: 5\n', [1, 14, /maxRestarts must be/]],
    ['a negative reserve', 'reserve: -1\n', [1, 10, /reserve must be a number of tasks or a share like 5%/]],
    ['a share of a ceiling that is none', 'budget:\n  pids.max: 5\n', [2, 3, /budget must be a share/]],
    ['a descriptor below 3', 'passFd: [2]\n', [1, 10, /passFd\[0\] must be a descriptor from 3 to 1023/]],
    ['a flag that a file may not say', 'sidecar: true\n', [1, 1, /unknown key "sidecar"/]],
    ['its own name in a file', 'config: x\n', [1, 1, /unknown key "config"/]],
    ['a policy that is a word', 'policies: [leak]\n', [1, 12, /policies\[0\] must be a mapping/]],
    ['policies that are none', 'policies: yes\n', [1, 11, /policies must be a list/]],
    [
      'a policy with a key of nothing',
      'policies:\n  - when: {resource: tasks, above: 5}\n    then: [warn]\n    grace: 1s\n',
      [4, 5, /unknown key "grace"/, /known here: name, when, then/],
    ],
    [
      'a resource that is none',
      'policies:\n  - when: {resource: threads, above: 5}\n    then: [warn]\n',
      [2, 22, /resource must be one of tasks, maps/],
    ],
    [
      'a time that is none',
      'policies:\n  - when: {resource: tasks, above: 5, for: 3}\n    then: [warn]\n',
      [2, 44, /for must be like "3 samples" or 30s/],
    ],
    [
      'a rate that is none',
      'policies:\n  - when: {resource: tasks, growsBy: 100}\n    then: [warn]\n',
      [2, 38, /growsBy must be a rate like 100\/s/],
    ],
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
  it('never speaks of its schema, but of what to write', () => {
    const values = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(-1, 0, 1.5, '', 'x', [[]], {}));
    fc.assert(
      fc.property(fc.constantFrom(...CONFIG_KEYS), values, (key, value) => {
        for (const [, , message] of problems(`${key}: ${JSON.stringify(value)}\n`))
          expect(message).not.toMatch(/expected|Invalid|Too (small|big)|undefined/);
      }),
    );
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
