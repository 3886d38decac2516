import { describe, expect, it } from 'vitest';
import { type BudgetRule, budgetKey, budgets, tightestTaskBudget } from '../../src/core/budget.ts';
import { makeCeiling } from '../../src/core/ceiling.ts';

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
    const atStart = new Map([['kernel.threads-max ', 500]]);
    expect(budgets([ceiling({ used: 700 })], { tasks: 10, maps: 0 }, rule, { atStart })[0]).toMatchObject({
      allowed: 300,
      setBy: 'reserve',
    });
    expect(budgets([ceiling({ used: 400 })], { tasks: 10, maps: 0 }, rule, { atStart })[0]?.allowed).toBe(500);
  });
  it.each([
    ['a burst while it is read: nobody can tell, so it stays', { tasks: 27, tasksAfter: 429 }, 450, 478],
    ['what is certain moves it up', { tasks: 27, tasksAfter: 40 }, 40, 500],
    ['what is certain moves it down', { tasks: 27, tasksAfter: 40 }, 200, 353],
    ['tasks that ended meanwhile', { tasks: 429, tasksAfter: 27 }, 450, 478],
    ['a target that stood still: it is exact', { tasks: 40, tasksAfter: 40 }, 90, 463],
  ])('%s', (_, held, used, want) => {
    const own = ceiling({ name: 'pids.max', scope: 'cgroup', limit: 550, used });
    const last = new Map([[budgetKey(own), 478]]);
    const whole = { shares: {}, reserve: { tasks: 37 } };
    expect(budgets([own], { ...held, maps: 0 }, whole, { last })[0]?.allowed).toBe(want);
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
