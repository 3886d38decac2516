import { describe, expect, it } from 'vitest';
import { mapsIntervalMs } from '../../src/policy/mapsCadence.ts';

const still = { maps: 1_000, line: 60_000, perSecond: 0, costMs: 0.1, everyMs: 5_000 };

describe('how often maps are counted', () => {
  it.each<[string, Partial<typeof still>, number]>([
    ['nothing moves: as seldom as it has become', {}, 5_000],
    ['a dear count takes a hundredth of a core at most', { costMs: 80 }, 8_000],
    ['a slow leak, far away', { perSecond: 10 }, 5_000],
    ['four counts on the way to the line', { perSecond: 10_000 }, 1_475],
    ['near the line half a core is worth it', { maps: 50_000, perSecond: 10_000, costMs: 20 }, 250],
    ['but not more than half of one', { maps: 59_900, perSecond: 10_000, costMs: 30 }, 60],
    ['nor without end', { maps: 59_999, perSecond: 1e6 }, 20],
    ['beyond the line too', { maps: 70_000, perSecond: 10_000, costMs: 40 }, 80],
    ['a leak that needs a minute is no reason for half a core', { maps: 1_000, perSecond: 983, costMs: 60 }, 6_000],
    ['one that needs seconds is, wherever it stands', { maps: 20_000, perSecond: 20_000, costMs: 50 }, 500],
  ])('%s', (_, over, want) => {
    expect(mapsIntervalMs({ ...still, ...over })).toBe(want);
  });
  it('without a line it is a number for the summary', () => {
    expect(mapsIntervalMs({ ...still, line: undefined, perSecond: 1e6 })).toBe(5_000);
  });
});
