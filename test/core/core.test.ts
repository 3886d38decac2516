import { describe, expect, it } from 'vitest';
import { type BudgetRule, budgets, tightestTaskBudget } from '../../src/core/budget.ts';
import { bindingCeiling, makeCeiling, rankCeilings } from '../../src/core/ceiling.ts';
import { exhaustionMs, measureGrowth } from '../../src/core/forecast.ts';
import { Lateness } from '../../src/core/histogram.ts';
import { Ring } from '../../src/core/ring.ts';
import { countNames, normaliseName } from '../../src/core/threadName.ts';
import {
  escapeText,
  formatBytes,
  formatCount,
  formatDuration,
  parseCount,
  parseDurationMs,
  parseShare,
} from '../../src/core/units.ts';

const ceiling = (over: Partial<Parameters<typeof makeCeiling>[0]> = {}) =>
  makeCeiling({
    name: 'kernel.threads-max',
    scope: 'host',
    unit: 'tasks',
    used: 100,
    limit: 1100,
    source: '',
    raise: '',
    ...over,
  });

describe('units', () => {
  it.for([
    ['250ms', 250],
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['0', 0],
    ['banana', undefined],
    ['10', undefined],
    ['-1s', undefined],
    ['', undefined],
  ] as const)('duration %s → %s', ([text, want]) => expect(parseDurationMs(text)).toBe(want));
  it.for([
    ['50%', 0.5],
    ['100%', 1],
    ['150%', undefined],
    ['0%', undefined],
    ['50', undefined],
  ] as const)('share %s → %s', ([text, want]) => expect(parseShare(text)).toBe(want));
  it.for([
    ['4,096', 4096],
    ['4_096', 4096],
    ['0', 0],
    ['-1', undefined],
    ['1e3', undefined],
    ['99999999999999999', undefined],
  ] as const)('count %s → %s', ([text, want]) => expect(parseCount(text)).toBe(want));
  it('writes numbers for people', () => {
    expect([
      formatCount(1234567),
      formatDuration(85),
      formatDuration(1234),
      formatDuration(300_000),
      formatBytes(1536),
    ]).toEqual(['1,234,567', '85 ms', '1.2 s', '5 min', '1.5 KiB']);
  });
  it('escapes what a hostile process name would do to a terminal', () => {
    expect(escapeText('a\nb\u001b[31m')).toBe('a\\x0ab\\x1b[31m');
  });
});

describe('ceilings', () => {
  it.for([
    { name: 'plain', over: {}, remaining: 1000, threads: 1000 },
    { name: 'two units a thread', over: { cost: { thread: 2, process: 0, map: 1 } }, remaining: 1000, threads: 500 },
    { name: 'withheld pids', over: { withheld: 300 }, remaining: 700, threads: 700 },
    { name: 'already over', over: { used: 5000 }, remaining: 0, threads: 0 },
    { name: 'unlimited', over: { limit: 'unlimited' as const }, remaining: 'unlimited', threads: 'unlimited' },
    { name: 'unknown use is never safe', over: { used: 'unknown' as const }, remaining: 'unknown', threads: 'unknown' },
    { name: 'exempt', over: { exempt: true }, remaining: 'unlimited', threads: 'unlimited' },
    {
      name: 'threads cost nothing',
      over: { cost: { thread: 0, process: 0, map: 1 } },
      remaining: 1000,
      threads: 'unlimited',
    },
  ])('$name', ({ over, remaining, threads }) => {
    expect(ceiling(over)).toMatchObject({ remaining, additionalThreads: threads });
  });
  it('binds at the fewest additional threads, the earlier on a tie, none when nothing is known', () => {
    const tie = [ceiling({ name: 'a' }), ceiling({ name: 'b' }), ceiling({ name: 'c', limit: 'unknown' })];
    expect(bindingCeiling(tie)?.name).toBe('a');
    expect(bindingCeiling([...tie, ceiling({ name: 'd', limit: 150 })])?.name).toBe('d');
    expect(bindingCeiling([ceiling({ limit: 'unknown' })])).toBeUndefined();
    expect(rankCeilings(tie).map(({ name }) => name)).toEqual(['a', 'b']);
  });
  it('what only slows down never binds, and fork, thread and mmap have other answers', () => {
    const slow = ceiling({ limit: 10, effect: 'throttles' });
    const maps = ceiling({ unit: 'maps', used: 0, limit: 100 });
    expect(bindingCeiling([slow, ceiling()])?.limit).toBe(1100);
    expect(maps).toMatchObject({ additionalThreads: 50, additionalProcesses: 'unlimited', additionalMaps: 100 });
    expect(bindingCeiling([ceiling(), maps], 'processes')?.unit).toBe('tasks');
  });
});

describe('budgets', () => {
  const rule: BudgetRule = { shares: { host: 0.5 }, reserve: { share: 0.1 } };
  it('is a share of what the target holds and what remains', () => {
    expect(budgets([ceiling()], { tasks: 0, maps: 0 }, rule)[0]).toMatchObject({ allowed: 500, setBy: 'share' });
    // 200 held by the target itself and 800 left are the same thousand.
    expect(budgets([ceiling({ used: 300 })], { tasks: 200, maps: 0 }, rule)[0]?.allowed).toBe(500);
  });
  it('keeps the reserve free for others', () => {
    expect(budgets([ceiling({ used: 950 })], { tasks: 0, maps: 0 }, { ...rule, shares: { host: 1 } })[0]).toMatchObject(
      { allowed: 40, setBy: 'reserve' },
    );
  });
  it('does not shrink the share of an honest target when somebody else eats the host', () => {
    const baseline = new Map([['kernel.threads-max ', 500]]);
    expect(budgets([ceiling({ used: 700 })], { tasks: 10, maps: 0 }, rule, baseline)[0]).toMatchObject({
      allowed: 300,
      setBy: 'reserve',
    });
    expect(budgets([ceiling({ used: 400 })], { tasks: 10, maps: 0 }, rule, baseline)[0]?.allowed).toBe(500);
  });
  it('a task can hold three pids: its own, and those of a dead group’s and a dead session’s leader', () => {
    const [budget] = budgets([ceiling({ name: 'kernel.pid_max' })], { tasks: 0, maps: 0 }, rule);
    expect(budget).toMatchObject({ allowed: Math.floor((1000 - 110) / 3), setBy: 'reserve' });
  });
  it('never falls to nothing, and leaves out what has no number', () => {
    expect(
      budgets([ceiling({ used: 1100 }), ceiling({ limit: 'unknown' })], { tasks: 0, maps: 0 }, rule).map(
        ({ allowed }) => allowed,
      ),
    ).toEqual([1]);
  });
  it('does not take a map budget for a task budget', () => {
    const maps = ceiling({ name: 'vm.max_map_count', unit: 'maps', scope: 'process', limit: 150 });
    expect(tightestTaskBudget(budgets([maps, ceiling()], { tasks: 0, maps: 0 }, rule))?.ceiling.name).toBe(
      'kernel.threads-max',
    );
  });
});

describe('forecast', () => {
  const height = ({ value }: { value: number }) => value;
  const line = (perSecond: number) =>
    Array.from({ length: 31 }, (_, i) => ({ timeMs: i * 1000, value: 100 + i * perSecond }));
  it('sees steady growth in both windows', () => {
    expect(measureGrowth(line(10), height)).toEqual({ shortPerSecond: 10, longPerSecond: 10, gained: 300 });
    expect(exhaustionMs(50, measureGrowth(line(10), height))).toBe(5000);
  });
  it('does not forecast from a burst that has ended, nor from nothing', () => {
    const burst = line(0).map((point) => ({ ...point, value: point.timeMs < 20_000 ? 0 : 500 }));
    expect(exhaustionMs(10, measureGrowth(burst, height))).toBe(Number.POSITIVE_INFINITY);
    expect(measureGrowth<{ timeMs: number; value: number }>([], height)).toEqual({
      shortPerSecond: 0,
      longPerSecond: 0,
      gained: 0,
    });
  });
});

describe('lateness', () => {
  const of = (...ms: number[]) => {
    const lateness = new Lateness();
    for (const value of ms) lateness.add(value);
    return [lateness.quantileMs(0.5), lateness.quantileMs(0.99), lateness.worstMs];
  };
  it.for([
    { name: 'nothing seen', ms: [], want: [0, 0, 0] },
    { name: 'the upper end of a class', ms: [1.5, 1.6, 40], want: [2, 40, 40] },
    { name: 'never above the worst', ms: [3, 3, 3], want: [3, 3, 3] },
    { name: 'one in a hundred is not p99', ms: [...Array(99).fill(0.1), 9000], want: [0.5, 0.5, 9000] },
    { name: 'beyond the last class', ms: [20_000], want: [20_000, 20_000, 20_000] },
  ])('$name', ({ ms, want }) => {
    expect(of(...ms)).toEqual(want);
  });
});

describe('groups', () => {
  it('takes numbers and hashes out of names', () => {
    expect([normaliseName('pool-3-thread-17'), normaliseName('conn-deadbeef01')]).toEqual([
      'pool-N-thread-N',
      'conn-N',
    ]);
  });
  it('counts per name, and a Ruby name keeps its line', () => {
    expect(countNames(['gc-1', 'gc-2', 'app.rb:7'])).toEqual(
      new Map([
        ['gc-N', 2],
        ['app.rb:7', 1],
      ]),
    );
  });
});

describe('a ring', () => {
  const ringOf = (capacity: number, count: number) => {
    const ring = new Ring<number>(capacity);
    for (let i = 0; i < count; i += 1) ring.push(i);
    return ring;
  };
  it.for([
    { count: 0, items: [] },
    { count: 2, items: [0, 1] },
    { count: 3, items: [0, 1, 2] },
    { count: 4, items: [1, 2, 3] },
    { count: 20, items: [17, 18, 19] },
  ])('keeps the last of $count in order, and is read by index like an array', ({ count, items }) => {
    const ring = ringOf(3, count);
    expect([ring.items(), ring.length]).toEqual([items, items.length]);
    for (const index of [-4, -1, 0, 1, 2, 3]) expect(ring.at(index)).toBe(items.at(index));
  });
});
