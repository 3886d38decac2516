import { describe, expect, it } from 'vitest';
import { classifySamples } from '../../../src/core/growth/samples.ts';
import type { Sample } from '../../../src/core/model.ts';

/** Samples as the guard keeps them: close together while something happens, a second apart otherwise. */
function ring(seconds: number, tasks: (second: number) => number): Sample[] {
  const samples: Sample[] = [];
  for (let at = 0; at <= seconds; at += at % 7 < 2 ? 0.25 : 1)
    samples.push({ timeMs: 1_000 * at, tasks: Math.round(tasks(at)), maps: undefined, refused: 0 });
  return samples;
}

describe('what a target has been doing', () => {
  it('a pool that fills and a leak are told apart, at uneven distances', () => {
    expect(classifySamples(ring(60, (at) => 20 + 180 * (1 - Math.exp(-at / 5))))?.shape).toBe('plateau');
    expect(classifySamples(ring(60, (at) => 100 + 3 * at))).toMatchObject({ shape: 'linear', isGrowing: true });
    expect(classifySamples(ring(60, (at) => 100 + 3 * at))?.perSecond).toBeCloseTo(3, 0);
  });
  it('not of a moment, and not of a handful', () => {
    expect(classifySamples(ring(9, (at) => at * 50))).toBeUndefined();
    expect(classifySamples(ring(60, (at) => at).slice(0, 20))).toBeUndefined();
    expect(classifySamples([])).toBeUndefined();
  });
});
