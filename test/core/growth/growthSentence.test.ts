import { describe, expect, it } from 'vitest';
import { growthSentence } from '../../../src/core/growth/growthSentence.ts';
import type { Shape } from '../../../src/core/growth/shapes.ts';

/** Values from 100 to 200, so that the first five are about 102 and the last five 198. */
const y = Array.from({ length: 101 }, (_, index) => 100 + index);
const say = (shape: Shape, over: Partial<Parameters<typeof growthSentence>[2]> = {}, knee?: number) =>
  growthSentence({ shape, rss: 0, parameters: 1, values: [], ...(knee === undefined ? {} : { knee }) }, y, {
    perSecond: 2,
    exhaustionMs: Number.POSITIVE_INFINITY,
    peak: 200,
    ...over,
  });

describe('what a series does, in words', () => {
  it.for<[Shape, string]>([
    ['flat', 'stays at 198'],
    ['step', 'went from 102 to 198 in one step after 40% of the time and stays there'],
    ['plateau', 'warmed up from 102 to 198 and stays there'],
    ['periodic', 'goes up and down around 150'],
    ['linear', 'grows steadily from 102 to 198, 2.0/s'],
    ['staircase', 'grows in steps from 102 to 198, 2.0/s on average'],
    ['late leak', 'was at 102 and began to grow after 40% of the time, 2.0/s now'],
    ['exponential', 'grows faster and faster, from 102 to 198, 2.0/s now'],
  ])('%s', ([shape, want]) => expect(say(shape, {}, 0.4)).toBe(want));
  it('slow growth is told by the minute', () => {
    expect(say('linear', { perSecond: 0.05 })).toBe('grows steadily from 102 to 198, 3.0 a minute');
  });
  it('an end that is predicted is told', () => {
    expect(say('linear', { exhaustionMs: 90_000 })).toBe(
      'grows steadily from 102 to 198, 2.0/s; nothing is left in 90 s',
    );
  });
  it.for([
    ['a peak near the level is no news', 296, 'stays at 198'],
    ['one half above it is', 297, 'stays at 198, with a peak of 297'],
  ] as const)('%s', ([, peak, want]) => expect(say('flat', { peak })).toBe(want));
});
