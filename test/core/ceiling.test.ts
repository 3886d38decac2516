import { describe, expect, it } from 'vitest';
import { bindingCeiling, ceilingLabel, makeCeiling, rankCeilings } from '../../src/core/ceiling.ts';

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
  it('a tie is broken by the order of the checks of the kernel, not by that of the rows', () => {
    const rows = [ceiling({ name: 'kernel.pid_max' }), ceiling({ name: 'RLIMIT_NPROC' })];
    expect([bindingCeiling(rows)?.name, rankCeilings(rows)[0]?.name]).toEqual(['RLIMIT_NPROC', 'RLIMIT_NPROC']);
  });
  it.for([
    ['a count is exact', {}, 'exact'],
    ['a model is an estimate', { isEstimate: true }, 'estimated'],
    ['no limit is no estimate', { isEstimate: true, limit: 'unlimited' }, 'exact'],
    ['what is not known', { isEstimate: true, used: 'unknown' }, 'unknown'],
  ] as const)('%s', ([, over, want]) => expect(ceiling(over).confidence).toBe(want));
  it('has a path and a note only where there is one', () => {
    expect(Object.keys(ceiling())).not.toContain('path');
    expect(ceiling({ path: '/a', note: 'why' })).toMatchObject({ path: '/a', note: 'why' });
    expect([ceilingLabel(ceiling()), ceilingLabel(ceiling({ path: '/a' }))]).toEqual([
      'kernel.threads-max',
      'kernel.threads-max of /a',
    ]);
  });
});
