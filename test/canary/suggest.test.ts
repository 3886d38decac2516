import { describe, expect, it } from 'vitest';
import { suggestLimit } from '../../src/core/growth/suggestLimit.ts';

const recording = (tasks: number[], stepMs = 1_000) => ({ label: 'a', tasks, stepMs });
const flat = (value: number, count = 120) => Array.from({ length: count }, (_, index) => value + (index % 2));

describe('a limit', () => {
  it.each<[string, number[], number]>([
    ['half of the peak on top', flat(400), 610],
    ['a small reserve for a small service', flat(10), 75],
    ['room for the largest burst', [...flat(100, 60), ...flat(400, 60)], 710],
  ])('%s', (_, tasks, want) => {
    expect(suggestLimit([recording(tasks)]).limit).toBe(want);
  });
  it('none of a series that grows', () => {
    const { limit, reasons } = suggestLimit([recording(Array.from({ length: 120 }, (_, index) => 50 + index))]);
    expect([limit, reasons.at(-1)]).toEqual([
      undefined,
      'no limit follows from a series that grows: find the leak first',
    ]);
  });
  it('of several recordings the most; of few samples with a warning', () => {
    expect(suggestLimit([recording(flat(100)), recording(flat(200))]).limit).toBe(310);
    expect(suggestLimit([recording(flat(100, 20))]).reasons.join('\n')).toMatch(/only 20 samples[\s\S]*are few/);
  });
});
