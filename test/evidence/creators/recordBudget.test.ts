import { describe, expect, it } from 'vitest';
import { RecordBudget } from '../../../src/evidence/creators/recordBudget.ts';

/** So many tasks a second, read every 10 ms; the kernel records one of the period. */
function follow(perSecond: number, seconds: number): { readonly periods: number[]; readonly records: number } {
  const budget = new RecordBudget();
  const periods: number[] = [];
  let period = budget.spend(0, 1, 0);
  let records = 0;
  for (let ms = 10; ms <= seconds * 1000; ms += 10) {
    const now = Math.round(perSecond / 100 / period);
    records += now;
    period = budget.spend(now, period, ms);
    periods.push(period);
  }
  return { periods, records };
}

describe('what may be recorded', () => {
  it.each([1, 50, 500, 1_900])('a leak of %d a second: every one, for an hour', (perSecond) => {
    expect(new Set(follow(perSecond, 3600).periods)).toEqual(new Set([1]));
  });
  it('a pool of 3,000 that fills at once: every one', () => {
    const budget = new RecordBudget();
    budget.spend(0, 1, 0);
    expect(budget.spend(3_000, 1, 100)).toBe(1);
  });
  it('a bomb: every one at first, then some 2,000 a second', () => {
    const { periods, records } = follow(48_000, 10);
    expect(periods[0]).toBe(1);
    expect(periods.at(-1)).toBe(31);
    expect(records).toBeLessThan(4_000 + 10 * 2_500);
  });
  it('and every one again when it is over', () => {
    const budget = new RecordBudget();
    budget.spend(0, 1, 0);
    expect(budget.spend(20_000, 1, 100)).toBeGreaterThan(1);
    expect(budget.spend(0, 127, 5_000)).toBe(1);
  });
});
