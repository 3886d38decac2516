import { describe, expect, it } from 'vitest';
import { type CeilingFacts, makeCeiling } from '../../src/core/ceiling.ts';
import type { Ceiling } from '../../src/core/model.ts';
import { createdBetween, Headroom } from '../../src/engine/headroom.ts';

const BUDGET = { shares: { user: 0.5 }, reserve: { tasks: 10 } };
const ceiling = (scope: CeilingFacts['scope'], used: number, limit: Ceiling['limit']): Ceiling =>
  makeCeiling({ name: `of ${scope}`, scope, unit: 'tasks', used, limit, source: '', raise: '' });

const still = (tasks: number) => ({ before: tasks, after: tasks });

function scene(...ceilings: Ceiling[]) {
  const now = { ceilings };
  const source = { readCeilings: () => now.ceilings, host: () => ({ tasks: 0, lastPid: 0 }) };
  const headroom = new Headroom({ budget: BUDGET }, source);
  return { headroom, now, allowed: () => headroom.budgets.map(({ allowed }) => allowed) };
}

describe('budgets', () => {
  it('a share of what was free before the start', () => {
    const { allowed, headroom } = scene(ceiling('user', 200, 1_000));
    headroom.rehearse();
    expect(allowed()).toEqual([400]);
    expect(headroom.roomAtStart).toEqual(new Map([['of user ', 800]]));
  });
  it('others who take the rest do not shrink the share, but the reserve stays free', () => {
    const { allowed, headroom, now } = scene(ceiling('user', 200, 1_000));
    headroom.rehearse();
    now.ceilings = [ceiling('user', 700, 1_000)];
    headroom.read({ maps: 0 }, () => still(100));
    expect([allowed(), headroom.budgets[0]?.setBy]).toEqual([[390], 'reserve']);
    now.ceilings = [ceiling('user', 500, 1_000)];
    headroom.read({ maps: 0 }, () => still(100));
    expect([allowed(), headroom.budgets[0]?.setBy]).toEqual([[400], 'share']);
  });
  it('a reload is measured against the start, and a lower one is in force at once', () => {
    const { allowed, headroom, now } = scene(ceiling('user', 200, 1_000));
    headroom.rehearse();
    now.ceilings = [ceiling('user', 500, 1_000)];
    headroom.read({ maps: 0 }, () => still(100));
    headroom.reload({ budget: { ...BUDGET, shares: { user: 0.1 } } });
    expect(allowed()).toEqual([80]);
    headroom.read({ maps: 0 }, () => still(100));
    expect(allowed()).toEqual([80]);
  });
  it('a read that throws leaves what was known', () => {
    const known = [ceiling('user', 200, 1_000)];
    let isBroken = false;
    const headroom = new Headroom(
      { budget: BUDGET },
      {
        host: () => ({ tasks: 0, lastPid: 0 }),
        readCeilings: () => {
          if (isBroken) throw new Error('EIO');
          return known;
        },
      },
    );
    headroom.rehearse();
    isBroken = true;
    expect(() => headroom.read({ maps: 0 }, () => still(1))).toThrow('EIO');
    expect([headroom.ceilings, headroom.budgets.length]).toEqual([known, 1]);
  });
});

describe('which limit of somebody else holds it', () => {
  const host = ceiling('host', 0, 1_000);
  it.each<[string, Ceiling[], string | undefined]>([
    ['nothing known', [], undefined],
    ['a cgroup before the host', [host, ceiling('cgroup', 0, 999)], 'of cgroup'],
    ['a user too', [host, ceiling('user', 0, 999)], 'of user'],
    ['one that is no nearer', [host, ceiling('cgroup', 0, 1_000)], undefined],
    ['one without a limit', [host, ceiling('cgroup', 0, 'unlimited')], undefined],
    ['one that cannot be read is never safe', [host, ceiling('cgroup', 0, 'unknown')], undefined],
    ['the namespace comes first', [ceiling('pid-namespace', 0, 50), ceiling('cgroup', 0, 60)], undefined],
    ['the nearest of two counts', [host, ceiling('cgroup', 0, 5_000), ceiling('user', 0, 10)], 'of user'],
  ])('%s', (_, ceilings, is) => {
    const { headroom } = scene(...ceilings);
    headroom.rehearse();
    expect(headroom.surrounding?.name).toBe(is);
  });
});

it.each([
  ['none', 700, 700, 0],
  ['some', 700, 712, 12],
  ['the numbers began anew', 32_000, 310, Number.POSITIVE_INFINITY],
])('tasks made between two looks: %s', (_, first, second, created) => {
  expect(createdBetween({ tasks: 1, lastPid: first }, { tasks: 9, lastPid: second })).toBe(created);
});
