import { describe, expect, it } from 'vitest';
import type { MakerStack } from '../../../../src/evidence/creators/makers/maker.ts';
import { SiteLedger } from '../../../../src/evidence/creators/makers/siteLedger.ts';
import { taskRecord } from '../../builders/perfRecords.ts';

const stack = (key: string): MakerStack => ({
  key,
  runsAs: 'native',
  frames: () => ({ runtime: 'native', frames: [{ function: key }], certainty: 'exact' }),
});
const of = (ledger: SiteLedger, key: string) => ledger.sites.find((site) => site.stack.key === key);

describe('the places that make tasks', () => {
  it('each counts what it made, threads apart from processes, by the weights', () => {
    const ledger = new SiteLedger();
    for (let task = 1; task <= 3; task += 1) ledger.add(stack('a'), taskRecord({ pid: 1, task, weight: 7 }));
    ledger.add(stack('a'), taskRecord({ pid: 1, task: 9, isThread: false }));
    expect(ledger.sites.map(({ count, makes }) => [makes, count])).toEqual([
      ['threads', 21],
      ['processes', 1],
    ]);
  });
  it('their rate is that of the last of them: an hour of rest before counts nothing', () => {
    const ledger = new SiteLedger();
    ledger.add(stack('a'), taskRecord({ pid: 1, task: 1, atMs: 0 }));
    expect(of(ledger, 'a')?.perSecond).toBe(0);
    for (let n = 0; n < 200; n += 1) {
      ledger.add(stack('a'), taskRecord({ pid: 1, task: n, atMs: 3_600_000 + 20 * n }));
    }
    expect(of(ledger, 'a')?.perSecond).toBeCloseTo(50, 5);
  });
  it('their rate is no burst: 100 at once, every 50 ms', () => {
    const ledger = new SiteLedger();
    for (let n = 0; n < 20_000; n += 1) {
      ledger.add(stack('a'), taskRecord({ pid: 1, task: n, atMs: 50 * Math.floor(n / 100) + (n % 100) * 0.03 }));
    }
    expect(of(ledger, 'a')?.perSecond).toBeGreaterThan(1_900);
    expect(of(ledger, 'a')?.perSecond).toBeLessThan(2_100);
  });
  it('what lives counts for who made it last: numbers come again', () => {
    const ledger = new SiteLedger();
    ledger.add(stack('churn'), taskRecord({ pid: 1, task: 5, atMs: 1 }));
    ledger.add(stack('churn'), taskRecord({ pid: 1, task: 6, atMs: 1 }));
    ledger.add(stack('leak'), taskRecord({ pid: 1, task: 5, atMs: 2 }));
    const living = ledger.living({ atMs: 10, alive: new Set([5]) });
    expect([...living].map(([site, count]) => [site.stack.key, count])).toEqual([['leak', 1]]);
  });
  it('and what was made after the census lives too', () => {
    const ledger = new SiteLedger();
    ledger.add(stack('a'), taskRecord({ pid: 1, task: 5, atMs: 20 }));
    expect(ledger.living({ atMs: 10, alive: new Set() }).size).toBe(1);
  });
  it('programs that its processes went on to run, the most frequent first', () => {
    const ledger = new SiteLedger();
    for (const task of [1, 2, 3]) ledger.add(stack('a'), taskRecord({ pid: 1, task, isThread: false }));
    for (const [pid, program] of [
      [1, 'cat'],
      [2, 'sleep'],
      [3, 'sleep'],
      [99, 'unknown'],
    ] as const)
      ledger.runs(pid, program);
    expect(of(ledger, 'a')?.runs).toEqual(['sleep', 'cat']);
  });
  it('a program with more than 1,000 places is counted, and the guard does not grow', () => {
    const ledger = new SiteLedger();
    for (let n = 0; n < 1000; n += 1) expect(ledger.add(stack(`s${n}`), taskRecord({ pid: 1, task: n }))).toBe(true);
    expect(ledger.add(stack('one more'), taskRecord({ pid: 1, task: 1 }))).toBe(false);
    expect(ledger.add(stack('s5'), taskRecord({ pid: 1, task: 1 }))).toBe(true);
  });
});
