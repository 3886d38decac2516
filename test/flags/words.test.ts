import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DEFAULT_SHARES } from '../../src/core/budget.ts';
import { BUDGET_NAMES } from '../../src/core/ceilingTable.ts';
import { isList } from '../../src/flags/kind.ts';
import { budgetShares, choice, descriptors, destinations, eventNames, no, text, yes } from '../../src/flags/words.ts';
import { EVENT_NAMES } from '../../src/reporters/eventTable.ts';

describe('one word', () => {
  it('is one of the choices, or is not understood', () => {
    const kind = choice(['keep', 'kill'], '<what>');
    expect(['keep', 'kill', 'Kill', 'kil', ''].map((word) => kind.parse(word, undefined))).toEqual([
      'keep',
      'kill',
      undefined,
      undefined,
      undefined,
    ]);
    expect([kind.expects('x'), kind.choices, kind.show('kill')]).toEqual([
      'one of keep, kill',
      ['keep', 'kill'],
      'kill',
    ]);
  });
  it.for([
    ['orders', 'orders'],
    ['127.0.0.1:9464', '"127.0.0.1:9464"'],
    ['localhost:9464', 'localhost:9464'],
    ['/var/lib/x y', '"/var/lib/x y"'],
    ['100', '"100"'],
    ['1e3', '"1e3"'],
    ['0x1f', '"0x1f"'],
    ['12:30', '"12:30"'],
    ['yes', '"yes"'],
    ['Null', '"Null"'],
    ['.inf', '".inf"'],
    ['a:', '"a:"'],
    ['a: b', '"a: b"'],
    ['#a', '"#a"'],
    ['', '""'],
  ] as const)('text %j is shown as %s', ([word, want]) => {
    expect(text.show(word)).toBe(want);
  });
  it('text of any kind is read from YAML as it was', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('1_0', '-', '---', '~', '.5', 'null', '0o7', '!a', '&a')),
        (word) => {
          expect(parse(`name: ${text.show(text.parse(word, undefined) as string)}`)).toEqual({ name: word });
        },
      ),
    );
  });
  it('is not needed for yes and no', () => {
    expect([yes.parse('', undefined), no.parse('', undefined), no.isNegated, yes.show(false)]).toEqual([
      true,
      false,
      true,
      'false',
    ]);
  });
});

describe('a list', () => {
  it.for([
    [destinations, ['file:/a', 'unix:/b'], '["file:/a","unix:/b"]'],
    [descriptors, ['3', '1023'], '[3,1023]'],
    [eventNames, ['warn', 'trip'], '["warn","trip"]'],
  ] as const)('grows word by word and is shown as YAML takes it', ([kind, words, want]) => {
    let list: readonly never[] | undefined;
    for (const word of words) list = kind.parse(word, list as never) as readonly never[] | undefined;
    expect(kind.show(list as never)).toBe(want);
    expect(kind.show([])).toBe('');
    expect(isList(kind)).toBe(true);
  });
  it('does not change the list that came before', () => {
    const before = ['file:/a'];
    destinations.parse('file:/b', before);
    expect(before).toEqual(['file:/a']);
  });
  it.for(['2', '1024', '-3', 'stdin', ''])('%j is no descriptor', (word) => {
    expect(descriptors.parse(word, [])).toBeUndefined();
  });
  it('of events takes every event and names them all when it does not understand one', () => {
    for (const event of EVENT_NAMES) expect(eventNames.parse(event, undefined)).toEqual([event]);
    expect(eventNames.parse('wran', undefined)).toBeUndefined();
    for (const event of EVENT_NAMES) expect(eventNames.expects('wran')).toContain(event);
  });
});

describe('shares of a budget', () => {
  const of = (...words: string[]) =>
    words.reduce<Readonly<Record<string, number>> | undefined>((before, word) => budgetShares.parse(word, before), {});
  it.for<[string[], Record<string, number> | undefined]>([
    [['50%'], { host: 0.5, 'pid-namespace': 0.5, user: 0.5, cgroup: 0.5, process: 0.5 }],
    [['pids.max=40%'], { 'pids.max': 0.4 }],
    [['pids.max=40%', 'host=5%'], { 'pids.max': 0.4, host: 0.05 }],
    [['pids.max=40%', 'pids.max=60%'], { 'pids.max': 0.6 }],
    [['pid_max=40%'], undefined],
    [['=40%'], undefined],
    [['pids.max='], undefined],
    [['pids.max=40'], undefined],
    [['pids.max=40%=5%'], undefined],
    [['150%'], undefined],
    [['0%'], undefined],
  ])('%j → %j', ([words, want]) => {
    expect(of(...words)).toEqual(want);
  });
  it('says which names there are only when the name was wrong', () => {
    expect(budgetShares.expects('pid_max=40%')).toMatch(
      /NAME=50%, where NAME is one of .*kernel\.pid_max, pids\.max, host, .*process$/,
    );
    expect(budgetShares.expects('pids.max=140%')).toBe('a share above 0% and at most 100%');
    expect(budgetShares.expects('140%')).toBe('a share above 0% and at most 100%');
  });
  it('takes every scope that has a default share, and every ceiling that may have a budget', () => {
    for (const name of [...Object.keys(DEFAULT_SHARES), ...BUDGET_NAMES])
      expect(of(`${name}=9%`)).toEqual({ [name]: 0.09 });
    expect(of('RLIMIT_AS=9%')).toBeUndefined();
  });
  it.for([
    [{}, ''],
    [{ 'pids.max': 0.4 }, '{"pids.max":"40%"}'],
    [of('50%') as Record<string, number>, '50%'],
    [{ ...of('50%'), 'pids.max': 0.4 }, /^\{"host":"50%",.*"pids.max":"40%"\}$/],
    [{ ...of('50%'), host: 0.1 }, /^\{"host":"10%",/],
  ] as const)('%j is shown as %s', ([shares, want]) => {
    const shown = budgetShares.show(shares);
    if (typeof want === 'string') expect(shown).toBe(want);
    else expect(shown).toMatch(want);
  });
});
