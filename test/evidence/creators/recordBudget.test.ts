import { describe, expect, it } from 'vitest';
import { RecordBudget } from '../../../src/evidence/creators/recordBudget.ts';

/** So many tasks a second, read every 10 ms; the kernel records one of the period. `lives`: the share that stays. */
function follow(
  perSecond: number,
  seconds: number,
  lives: number,
): { readonly periods: number[]; readonly records: number } {
  const budget = new RecordBudget();
  const periods: number[] = [];
  let period = budget.spend(0, { period: 1, nowMs: 0, tasks: 1 });
  let records = 0;
  let owed = 0;
  for (let ms = 10; ms <= seconds * 1000; ms += 10) {
    owed += perSecond / 100 / period;
    const now = Math.floor(owed);
    owed -= now;
    records += now;
    period = budget.spend(now, { period, nowMs: ms, tasks: 1 + Math.floor((lives * perSecond * ms) / 1000) });
    periods.push(period);
  }
  return { periods, records };
}

describe('what may be recorded', () => {
  it.each([1, 50, 490])('threads that come and go, %d a second: every one, for an hour', (perSecond) => {
    expect(new Set(follow(perSecond, 3600, 0).periods)).toEqual(new Set([1]));
  });
  it.each([500, 5_000, 48_000])('a leak of %d a second: every one', (perSecond) => {
    expect(new Set(follow(perSecond, 1, 1).periods)).toEqual(new Set([1]));
  });
  it('20,000 threads a second that are joined: some hundred a second', () => {
    const { periods, records } = follow(20_000, 5, 0);
    expect(periods.at(-1)).toBeGreaterThanOrEqual(31);
    expect(records).toBeLessThan(6_000);
  });
  it('a leak among them is still worth its share', () => {
    expect(follow(2_000, 5, 0.5).records).toBeGreaterThan(5_000);
  });
  it('and every one again when it is over', () => {
    const budget = new RecordBudget();
    budget.spend(0, { period: 1, nowMs: 0, tasks: 1 });
    expect(budget.spend(20_000, { period: 1, nowMs: 100, tasks: 1 })).toBeGreaterThan(1);
    expect(budget.spend(0, { period: 127, nowMs: 5_000, tasks: 1 })).toBe(1);
  });
});
