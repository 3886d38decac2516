import { describe, expect, it } from 'vitest';
import { defaultOf, type FlagsOf, keyOf, placeholderOf, readSlice, variableOf } from '../../src/flags/flag.ts';
import { count, duration, share } from '../../src/flags/quantities.ts';
import { choice, destinations, file, no, yes } from '../../src/flags/words.ts';

describe('the names of a flag', () => {
  it.for([
    ['grace', 'grace', 'THREADGUARD_GRACE'],
    ['max-tasks', 'maxTasks', 'THREADGUARD_MAX_TASKS'],
    ['on-trip-exec', 'onTripExec', 'THREADGUARD_ON_TRIP_EXEC'],
    ['no-inject', 'inject', 'THREADGUARD_INJECT'],
    ['notify', 'notify', 'THREADGUARD_NOTIFY'],
  ] as const)('--%s is %s in a file and %s in the environment', ([name, key, variable]) => {
    expect([keyOf({ name }), variableOf({ name })]).toEqual([key, variable]);
  });
});

describe('what help says of a value', () => {
  it.for([
    ['its own placeholder', { kind: count, value: '<tasks>' }, '<tasks>'],
    ['else that of its kind', { kind: count }, '<count>'],
    ['one that may be left out', { kind: duration, value: '[interval]' }, '[interval]'],
    ['nothing for yes', { kind: yes }, ''],
  ] as const)('%s', ([, flag, want]) => {
    expect(placeholderOf(flag)).toBe(want);
  });
  it.for([
    ['as a person writes it', { kind: share, default: 0.8 }, '80%'],
    ['in its own words, where there are some', { kind: count, defaultText: 'a quarter' }, 'a quarter'],
    ['nothing where there is none', { kind: file }, undefined],
    ['nothing for a switch', { kind: yes, default: false }, undefined],
    ['nothing for a switch that turns off', { kind: no, default: true }, undefined],
    ['nothing for an empty list', { kind: destinations, default: [] }, undefined],
  ] as const)('the default: %s', ([, flag, want]) => {
    expect(defaultOf({ name: 'x', help: '', ...flag })).toBe(want);
  });
});

interface Slice {
  readonly graceMs: number;
  readonly until: 'warn' | 'kill';
  readonly maxTasks: number | undefined;
  readonly inject: boolean;
}

const FLAGS: FlagsOf<Slice> = {
  graceMs: { name: 'grace', kind: duration, default: 10_000, help: '' },
  until: { name: 'until', kind: choice(['warn', 'kill'], '<step>'), default: 'kill', help: '' },
  maxTasks: { name: 'max-tasks', kind: count, help: '' },
  inject: { name: 'no-inject', kind: no, default: true, help: '' },
};

describe('a slice', () => {
  it('has its defaults where nothing was given', () => {
    expect(readSlice<Slice>(FLAGS, {})).toEqual({ graceMs: 10_000, until: 'kill', maxTasks: undefined, inject: true });
  });
  it('has what was given, by key; what belongs to others is left out', () => {
    const given = { grace: 0, maxTasks: 5, inject: false, quiet: true };
    expect(readSlice<Slice>(FLAGS, given)).toEqual({ graceMs: 0, until: 'kill', maxTasks: 5, inject: false });
  });
  it('does not compile with a row too many, a row too few, or a row of another type', () => {
    const { maxTasks: _, ...rest } = FLAGS;
    // @ts-expect-error a field has no row
    const few: FlagsOf<Slice> = rest;
    // @ts-expect-error a row has no field
    const many: FlagsOf<Pick<Slice, 'graceMs'>> = { graceMs: FLAGS.graceMs, keep: FLAGS.maxTasks };
    // @ts-expect-error the field is a number, the row a switch
    const other: FlagsOf<Pick<Slice, 'graceMs'>> = { graceMs: { name: 'grace', kind: yes, default: false, help: '' } };
    // @ts-expect-error a value that cannot be missing has no default
    const bare: FlagsOf<Pick<Slice, 'graceMs'>> = { graceMs: { name: 'grace', kind: duration, help: '' } };
    expect([few, many, other, bare]).toHaveLength(4);
  });
});
