import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LookAt, nextDue, type Pace, pacedLoop } from '../../src/core/pacedLoop.ts';
import { fakeClock } from '../fixtures/clock.ts';

/** Runs a loop whose looks take `costs`, in turn; says when each began. */
async function run(pace: Pace, costs: readonly number[] = [], most = 1_000) {
  const clock = fakeClock();
  const began: number[] = [];
  const summary = await pacedLoop(pace, clock, ({ elapsedMs, index }) => {
    began.push(elapsedMs);
    clock.pass(costs[index] ?? 0);
    return index + 1 < most;
  });
  return { ...summary, began, clock };
}

describe('a paced loop', () => {
  it('looks on a grid, and the last time at the very end', async () => {
    expect(await run({ everyMs: 300, forMs: 1_000 })).toMatchObject({
      began: [0, 300, 600, 900, 1_000],
      end: 'time',
      looks: 5,
      late: 0,
      missed: 0,
    });
  });
  it('no time at all is one look', async () => {
    expect((await run({ everyMs: 5, forMs: 0 })).began).toEqual([0]);
  });
  it('does not drift by what looks cost', async () => {
    const { began } = await run({ everyMs: 100, forMs: 500 }, [30, 70, 10, 99, 1]);
    expect(began).toEqual([0, 100, 200, 300, 400, 500]);
  });
  it('leaves points out that are over, and says how many', async () => {
    const { began, missed } = await run({ everyMs: 100, forMs: 800 }, [0, 350]);
    expect([began, missed]).toEqual([[0, 100, 500, 600, 700, 800], 3]);
  });
  it('a dear look is followed by a pause that keeps its share', async () => {
    // A quarter of a core: 60 ms of work are followed by 180 ms of rest.
    const { began } = await run({ everyMs: 10, forMs: 500, duty: 0.25 }, [60, 0, 0]);
    expect(began.slice(0, 3)).toEqual([0, 240, 250]);
  });
  it('counts looks that began late', async () => {
    const clock = fakeClock();
    const { late, looks } = await pacedLoop(
      { everyMs: 100, forMs: 300 },
      { ...clock, sleep: async (ms) => clock.pass(ms + (clock.now() < 200 ? 60 : 0)) },
      () => true,
    );
    // Both of the first two sleeps took 60 ms too long.
    expect([looks, late]).toEqual([4, 2]);
  });
  it('ends when the look says that there is nothing more', async () => {
    expect(await run({ everyMs: 100 }, [], 3)).toMatchObject({ began: [0, 100, 200], end: 'done', looks: 3 });
  });
  it('a stop before the first look is a loop without a look', async () => {
    const looks: LookAt[] = [];
    const end = await pacedLoop({ everyMs: 1 }, fakeClock(), (at) => looks.push(at) > 0, AbortSignal.abort());
    expect([end, looks]).toEqual([{ end: 'stopped', looks: 0, late: 0, missed: 0 }, []]);
  });
  it('a stop while it sleeps ends the sleep', async () => {
    const controller = new AbortController();
    const clock = fakeClock((nowMs) => {
      if (nowMs >= 3_600_000) controller.abort();
    });
    const { end, looks } = await pacedLoop({ everyMs: 3_600_000 }, clock, () => true, controller.signal);
    expect([end, looks, clock.slept]).toEqual(['stopped', 2, [3_600_000]]);
  });
  it('what a look throws ends the loop', async () => {
    await expect(
      pacedLoop({ everyMs: 1 }, fakeClock(), () => {
        throw new Error('gone');
      }),
    ).rejects.toThrow('gone');
  });
  it('a look may take its time', async () => {
    const clock = fakeClock();
    const { looks } = await pacedLoop({ everyMs: 10, forMs: 20 }, clock, async () => {
      await clock.sleep(5);
      return true;
    });
    expect([looks, clock.now()]).toEqual([3, 25]);
  });
});

describe('when the next look is due', () => {
  const times = fc.record({
    everyMs: fc.integer({ min: 1, max: 10_000 }),
    step: fc.integer({ min: 0, max: 1_000 }),
    lateMs: fc.integer({ min: 0, max: 50_000 }),
    costMs: fc.integer({ min: 0, max: 50_000 }),
    duty: fc.double({ min: 0.01, max: 1, noNaN: true }),
  });
  it('is a point of the grid, after the look and its rest, and the first such point', () => {
    fc.assert(
      fc.property(times, ({ costMs, duty, everyMs, lateMs, step }) => {
        const last = {
          dueMs: step * everyMs,
          beganMs: step * everyMs + lateMs,
          endedMs: step * everyMs + lateMs + costMs,
        };
        const { dueMs, missed } = nextDue({ everyMs, duty }, last);
        const earliestMs = last.endedMs + costMs * (1 / duty - 1);
        expect(dueMs % everyMs).toBe(0);
        expect(dueMs).toBeGreaterThan(last.dueMs);
        expect(dueMs).toBeGreaterThanOrEqual(earliestMs - 1e-6);
        expect(dueMs - everyMs < earliestMs || dueMs - everyMs === last.dueMs).toBe(true);
        expect(missed).toBe(dueMs / everyMs - step - 1);
      }),
    );
  });
  it('is never after the end, and the end misses nothing', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 100_000 }), ({ costMs, everyMs, lateMs, step }, extraMs) => {
        const dueMs = step * everyMs;
        const forMs = dueMs + extraMs;
        const next = nextDue({ everyMs, forMs }, { dueMs, beganMs: dueMs + lateMs, endedMs: dueMs + lateMs + costMs });
        expect(next.dueMs).toBeLessThanOrEqual(forMs);
        expect(next.missed).toBeGreaterThanOrEqual(0);
        expect(next.missed).toBeLessThanOrEqual(Math.ceil(forMs / everyMs));
      }),
    );
  });
});
