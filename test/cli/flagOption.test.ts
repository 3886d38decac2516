import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addFlags, describe as describeFlag, FlagOption } from '../../src/cli/flagOption.ts';
import type { AnyFlag } from '../../src/flags/flag.ts';
import { count, duration, interval } from '../../src/flags/quantities.ts';
import { choice, descriptors, no, yes } from '../../src/flags/words.ts';

const parse = (flags: readonly AnyFlag[], ...words: string[]): Record<string, unknown> =>
  addFlags(new Command('x'), flags)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parse(words, { from: 'user' })
    .opts();

describe('a row becomes an option', () => {
  it.for([
    ['a number', { name: 'keep', kind: count, default: 20, help: '' }, ['--keep', '3'], { keep: 3 }],
    ['its default', { name: 'keep', kind: count, default: 20, help: '' }, [], { keep: 20 }],
    ['yes', { name: 'quiet', kind: yes, default: false, help: '' }, ['--quiet'], { quiet: true }],
    ['yes, not given', { name: 'quiet', kind: yes, default: false, help: '' }, [], {}],
    ['no', { name: 'no-inject', kind: no, default: true, help: '' }, ['--no-inject'], { inject: false }],
    [
      'a list',
      { name: 'pass-fd', kind: descriptors, default: [], help: '' },
      ['--pass-fd', '3', '4'],
      { passFd: [3, 4] },
    ],
    [
      'a value that may be left out',
      { name: 'watch', kind: interval, value: '[interval]', bare: '2s', help: '' },
      ['--watch'],
      { watch: 2_000 },
    ],
    [
      'the same with its value',
      { name: 'watch', kind: interval, value: '[interval]', bare: '2s', help: '' },
      ['--watch', '500ms'],
      { watch: 500 },
    ],
  ] as const)('%s', ([, flag, words, want]) => {
    expect(parse([flag], ...words)).toEqual(want);
  });
  it.for([
    [
      'a value that is none',
      [{ name: 'keep', kind: count, help: '' }],
      ['--keep', 'x'],
      /It must be a whole number from 1\./,
    ],
    [
      'a choice that is none',
      [{ name: 'by', kind: choice(['a', 'b'], '<w>'), help: '' }],
      ['--by', 'c'],
      /Allowed choices are a, b/,
    ],
    [
      'one that is needed',
      [{ name: 'config', kind: count, isRequired: true, help: '' }],
      [],
      /--config <count>' not specified/,
    ],
    [
      'one that excludes another',
      [
        { name: 'json', kind: yes, default: false, help: '' },
        { name: 'folded', kind: yes, default: false, conflicts: 'json', help: '' },
      ],
      ['--json', '--folded'],
      /cannot be used with option '--json'/,
    ],
  ] as const)('%s is refused', ([, flags, words, want]) => {
    expect(() => parse(flags as readonly AnyFlag[], ...words)).toThrow(want);
  });
});

describe('help', () => {
  it.for([
    [{ name: 'a', kind: yes, default: false, help: 'do it' }, 'do it'],
    [{ name: 'a', kind: duration, default: 500, help: 'how long' }, 'how long (default 500ms)'],
    [{ name: 'a', kind: duration, defaultText: 'for ever', help: 'how long' }, 'how long (default for ever)'],
    [{ name: 'a', kind: choice(['x', 'y'], '<w>'), help: 'which' }, 'which (one of x, y)'],
    [{ name: 'a', kind: choice(['x', 'y'], '<w>'), default: 'y', help: 'which' }, 'which (one of x, y; default y)'],
  ] as const)('%j', ([flag, want]) => {
    expect(describeFlag(flag)).toBe(want);
    const help = addFlags(new Command('x'), [flag]).helpInformation();
    expect(help.replace(/\s+/g, ' ')).toContain(want);
  });
  it('shows groups in the order of the table', () => {
    const help = addFlags(new Command('x'), [
      { name: 'b', kind: yes, default: false, group: 'Evidence', help: 'b' },
      { name: 'a', kind: yes, default: false, group: 'Output', help: 'a' },
    ]).helpInformation();
    expect(help).toMatch(/Evidence:\n {2}--b.*\n\nOutput:\n {2}--a/s);
  });
  it('knows the row of each option', () => {
    const flag: AnyFlag = { name: 'keep', kind: count, help: '' };
    expect(new FlagOption(flag).flag).toBe(flag);
  });
});
