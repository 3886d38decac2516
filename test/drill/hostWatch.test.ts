import { describe, expect, it } from 'vitest';
import { watchHost } from '../../src/drill/hostWatch.ts';
import { fakeClock } from '../fixtures/clock.ts';

/** Each fork: how long it takes, and whether it works. The watch is stopped with the last one. */
async function watch(forks: readonly (readonly [ms: number, isGood: boolean])[]) {
  const clock = fakeClock();
  const stop = new AbortController();
  let index = 0;
  const found = await watchHost(
    async () => {
      const [ms, isGood] = forks[index] as readonly [number, boolean];
      index += 1;
      clock.pass(ms);
      if (index === forks.length) stop.abort();
      return isGood;
    },
    clock,
    stop.signal,
  );
  return found;
}

describe('the forks beside the bomb', () => {
  it.for([
    {
      name: 'all work',
      forks: [
        [5, true],
        [5, true],
        [5, true],
      ],
      want: { tried: 3, failed: 0, longestGapMs: 50 },
    },
    {
      name: 'two fail in a row',
      forks: [
        [1, true],
        [1, false],
        [1, false],
        [1, true],
      ],
      want: { tried: 4, failed: 2, longestGapMs: 150 },
    },
    {
      name: 'none works any more',
      forks: [
        [0, true],
        [0, false],
        [0, false],
      ],
      want: { tried: 3, failed: 2, longestGapMs: 100 },
    },
    { name: 'the first one fails', forks: [[7, false]], want: { tried: 1, failed: 1, longestGapMs: 7 } },
    {
      name: 'one takes its time',
      forks: [
        [2, true],
        [480, true],
      ],
      want: { tried: 2, failed: 0, longestGapMs: 528 },
    },
  ] as const)('$name', async ({ forks, want }) => {
    expect(await watch(forks)).toEqual(want);
  });
  it('that was stopped before it began has tried nothing', async () => {
    const fork = async (): Promise<boolean> => expect.unreachable();
    expect(await watchHost(fork, fakeClock(), AbortSignal.abort())).toEqual({ tried: 0, failed: 0, longestGapMs: 0 });
  });
});
