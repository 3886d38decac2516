import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BudgetRule, boundsOf, budgetKey, budgets, tightestTaskBudget } from '../../src/core/budget.ts';
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

const still = (tasks: number) => ({ before: tasks, after: tasks });

describe('budgets', () => {
  const rule: BudgetRule = { shares: { host: 0.5 }, reserve: { share: 0.1 } };
  it('is a share of what the target holds and what remains', () => {
    expect(budgets([ceiling()], { tasks: still(0), maps: 0 }, rule)[0]).toMatchObject({ allowed: 500, setBy: 'share' });
    // 200 held by the target itself and 800 left are the same thousand.
    expect(budgets([ceiling({ used: 300 })], { tasks: still(200), maps: 0 }, rule)[0]?.allowed).toBe(500);
  });
  it('keeps the reserve free for others', () => {
    expect(
      budgets([ceiling({ used: 950 })], { tasks: still(0), maps: 0 }, { ...rule, shares: { host: 1 } })[0],
    ).toMatchObject({ allowed: 40, setBy: 'reserve' });
  });
  it('does not shrink the share of an honest target when somebody else eats the host', () => {
    const atStart = new Map([['kernel.threads-max ', 500]]);
    expect(budgets([ceiling({ used: 700 })], { tasks: still(10), maps: 0 }, rule, { atStart })[0]).toMatchObject({
      allowed: 300,
      setBy: 'reserve',
    });
    expect(budgets([ceiling({ used: 400 })], { tasks: still(10), maps: 0 }, rule, { atStart })[0]?.allowed).toBe(500);
  });
  it.each([
    ['a burst while it is read: nobody can tell, so it stays', { before: 27, after: 429 }, 450, 478],
    ['what is certain moves it up', { before: 27, after: 40 }, 40, 500],
    ['what is certain moves it down', { before: 27, after: 40 }, 200, 353],
    ['tasks that ended meanwhile', { before: 429, after: 27 }, 450, 478],
    ['tasks that came and went: as many may have been there', { before: 40, after: 40, created: 20 }, 60, 478],
    ['a target that stood still: it is exact', { before: 40, after: 40 }, 90, 463],
  ])('%s', (_, tasks, used, want) => {
    const own = ceiling({ name: 'pids.max', scope: 'cgroup', limit: 550, used });
    const last = new Map([[budgetKey(own), 478]]);
    const whole = { shares: {}, reserve: { tasks: 37 } };
    expect(budgets([own], { tasks, maps: 0 }, whole, { last })[0]?.allowed).toBe(want);
  });
  it('a task can hold three pids: its own, and those of a dead group’s and a dead session’s leader', () => {
    const [budget] = budgets([ceiling({ name: 'kernel.pid_max' })], { tasks: still(0), maps: 0 }, rule);
    expect(budget).toMatchObject({ allowed: Math.floor((1000 - 110) / 3), setBy: 'reserve' });
  });
  it('never falls to nothing, and leaves out what has no number', () => {
    expect(
      budgets([ceiling({ used: 1100 }), ceiling({ limit: 'unknown' })], { tasks: still(0), maps: 0 }, rule).map(
        ({ allowed }) => allowed,
      ),
    ).toEqual([1]);
  });
  it('does not take a map budget for a task budget', () => {
    const maps = ceiling({ name: 'vm.max_map_count', unit: 'maps', scope: 'process', limit: 150 });
    expect(tightestTaskBudget(budgets([maps, ceiling()], { tasks: still(0), maps: 0 }, rule))?.ceiling.name).toBe(
      'kernel.threads-max',
    );
  });
});

describe('counts that bracket another one', () => {
  it.each([
    ['nothing moved', { before: 7, after: 7 }, [7, 7]],
    ['they came', { before: 7, after: 9 }, [7, 9]],
    ['they went', { before: 9, after: 7 }, [7, 9]],
    ['as many came as went', { before: 9, after: 9, created: 4 }, [5, 13]],
    ['never below nothing', { before: 2, after: 2, created: 4 }, [0, 6]],
    [
      'nobody can tell how many came',
      { before: 2, after: 2, created: Number.POSITIVE_INFINITY },
      [0, Number.POSITIVE_INFINITY],
    ],
  ])('%s', (_, counted, [least, most]) => {
    expect(boundsOf(counted)).toEqual({ least, most });
  });
  it('hold whatever was made and ended, in whatever order', () => {
    const turns = fc.array(fc.boolean(), { maxLength: 60 });
    fc.assert(
      fc.property(fc.nat(30), turns, turns, (start, first, second) => {
        const run = (tasks: number, steps: readonly boolean[]) =>
          steps.reduce((count, isBorn) => (isBorn ? count + 1 : Math.max(0, count - 1)), tasks);
        const between = run(start, first);
        const created = [...first, ...second].filter(Boolean).length;
        const { least, most } = boundsOf({ before: start, after: run(between, second), created });
        expect(between >= least && between <= most).toBe(true);
      }),
      { seed: 5, numRuns: 500 },
    );
  });
});
