import { describe, expect, it } from 'vitest';
import { watchBomb } from '../../src/drill/watchBomb.ts';
import { fakeClock } from '../fixtures/clock.ts';

/** One count every 20 ms; `endsAt` is the look at which the guard is seen to have ended. */
async function watch(counts: readonly (number | undefined)[], endsAt: number, forMs = 10_000) {
  const clock = fakeClock();
  let look = -1;
  return watchBomb({
    count: () => counts[Math.min(look, counts.length - 1)],
    isOver: () => {
      look += 1;
      return look >= endsAt;
    },
    clock,
    wall: () => 1_000 + clock.now(),
    forMs,
    stop: new AbortController().signal,
  });
}

describe('the bomb, seen from outside', () => {
  it.for([
    ['grows, stays, is gone', [undefined, 10, 400, 400, 0, 0], 5, { peakTasks: 400, leftTasks: 0, emptyAtMs: 1_080 }],
    ['is never there', [undefined, undefined], 1, { peakTasks: 0, leftTasks: 0, emptyAtMs: undefined }],
    ['is there when the guard has ended', [10, 400], 1, { peakTasks: 400, leftTasks: 400, emptyAtMs: undefined }],
    ['looks gone for a moment', [10, 0, 400, 0], 3, { peakTasks: 400, leftTasks: 0, emptyAtMs: 1_060 }],
    ['is gone with the last look', [400, 0], 1, { peakTasks: 400, leftTasks: 0, emptyAtMs: 1_020 }],
  ] as const)('%s', async ([, counts, endsAt, want]) => {
    expect(await watch(counts, endsAt)).toEqual(want);
  });
  it('is not waited for longer than it may take', async () => {
    expect(await watch([600], Number.POSITIVE_INFINITY, 200)).toEqual({
      peakTasks: 600,
      leftTasks: 600,
      emptyAtMs: undefined,
    });
  });
  it('is left when somebody asks for the end', async () => {
    const count = (): number => expect.unreachable();
    const parts = { count, isOver: () => false, clock: fakeClock(), wall: Date.now, forMs: 1_000 };
    expect(await watchBomb({ ...parts, stop: AbortSignal.abort() })).toMatchObject({ peakTasks: 0 });
  });
});
