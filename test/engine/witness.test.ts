import { describe, expect, it } from 'vitest';
import { Witness } from '../../src/engine/witness.ts';

const sample = (timeMs: number, tasks: number, maps?: number) => ({ timeMs, tasks, maps, refused: 0 });
function seen(...pairs: [timeMs: number, tasks: number][]): Witness {
  const witness = new Witness();
  for (const [timeMs, tasks] of pairs) witness.see(sample(timeMs, tasks));
  return witness;
}

describe('what it remembers', () => {
  it('the peaks, and none of maps that were never counted', () => {
    const witness = seen([100, 5], [200, 9], [300, 2]);
    expect([witness.peakTasks, witness.peakMaps, witness.last.tasks]).toEqual([9, undefined, 2]);
    witness.see(sample(400, 1, 70));
    witness.see(sample(500, 1, 60));
    expect(witness.peakMaps).toBe(70);
  });
  it('samples 25 ms apart, whatever is between', () => {
    const witness = seen([0, 1], [24, 2], [25, 3], [49, 4], [50, 5]);
    expect(witness.samples.map(({ timeMs }) => timeMs)).toEqual([0, 25, 50]);
  });
});

describe('growth', () => {
  it('the fastest is kept, and half of it is forgotten in half a minute', () => {
    const witness = seen([1_000, 100], [31_000, 100]);
    expect(witness.fastestPerSecond).toBeCloseTo(50);
  });
  it('two looks a hair apart are taken as 5 ms', () => {
    expect(seen([1, 1]).fastestPerSecond).toBe(200);
  });
  it('two at the same time, and one that shrinks, are no growth', () => {
    expect([seen([0, 1_000]).fastestPerSecond, seen([0, 1_000], [100, 1]).fastestPerSecond]).toEqual([0, 0]);
  });
  it('after a standstill nothing that lies between counts', () => {
    const witness = seen([0, 10]);
    witness.restart(60_000);
    witness.see(sample(60_100, 60));
    expect(witness.fastestPerSecond).toBeCloseTo(500);
  });
  it.each<[string, [number, number][], number]>([
    [
      'over a quarter of a second',
      [
        [0, 0],
        [750, 100],
        [1_000, 200],
      ],
      400,
    ],
    [
      'a burst that has ended is none',
      [
        [0, 0],
        [100, 900],
        [400, 900],
        [600, 900],
      ],
      0,
    ],
    [
      'never negative',
      [
        [0, 500],
        [200, 10],
      ],
      0,
    ],
    ['one sample is none', [[100, 500]], 0],
  ])('now: %s', (_, pairs, want) => {
    expect(seen(...pairs).nowPerSecond).toBe(want);
  });
});

it('its lateness decays, and every waking is counted', () => {
  const witness = new Witness();
  for (const late of [100, 0, 0, 85]) witness.wokeLate(late);
  expect([witness.latenessMs, witness.lateness.worstMs]).toEqual([85, 100]);
  witness.wokeLate(0);
  expect(witness.latenessMs).toBeCloseTo(76.5);
});

describe('the nearest line', () => {
  const tasks = { cause: 'budget', ceiling: 'pids.max', unit: 'tasks', at: 100 } as const;
  const maps = { cause: 'max-maps', ceiling: '--max-maps', unit: 'maps', at: 1_000 } as const;
  it('the nearest ever, of both units', () => {
    const witness = new Witness();
    witness.compare(sample(0, 60, 500), [tasks, maps]);
    witness.compare(sample(1, 10, 900), [tasks, maps]);
    witness.compare(sample(2, 10, 100), [tasks, maps]);
    expect(witness.nearest).toEqual({ label: '--max-maps', share: 0.9 });
  });
  it('none without a line, and maps that were not counted are near nothing', () => {
    const witness = new Witness();
    witness.compare(sample(0, 60), []);
    witness.compare(sample(0, 60), [maps]);
    expect(witness.nearest).toBeUndefined();
  });
});
