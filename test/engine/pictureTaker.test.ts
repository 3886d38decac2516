import { describe, expect, it } from 'vitest';
import { PictureTaker } from '../../src/engine/pictureTaker.ts';
import type { Limits, Reading } from '../../src/policy/lines.ts';

const LIMITS: Limits = {
  maxTasks: 1_000,
  maxMaps: undefined,
  budgets: [],
  roomAtStart: new Map(),
  mapsPerSecond: 0,
};

const reading = (tasks: number, over: Partial<Reading> = {}, limits: Partial<Limits> = {}): Reading => ({
  nowMs: 0,
  startedMs: 0,
  tasks,
  peakTasks: tasks,
  maps: undefined,
  growth: { shortPerSecond: 0, longPerSecond: 0, gained: 0 },
  refusals: { now: 0, atLine: 0, looksAtLine: 0, leashLooks: 0 },
  hold: { by: 'cap', marginTasks: 0 },
  memory: [],
  ...over,
  limits: { ...LIMITS, ...limits },
});

/** At which of these numbers of tasks a picture is taken. */
function taken(taker: PictureTaker, ...tasks: number[]): number[] {
  return tasks.filter((one) => taker.due(reading(one)) !== undefined);
}

describe('when a picture is due', () => {
  it.each<[string, number, number[], number[]]>([
    ['exactly at --warn-at, and not one below it', 0.8, [799, 800, 801], [800]],
    ['once more at 95 %', 0.8, [800, 949, 950, 999, 1_000], [800, 950]],
    ['one for a jump over both', 0.8, [990, 800, 990], [990]],
    ['not again after a small step back', 0.8, [800, 601, 800], [800]],
    ['again below three quarters of it', 0.8, [800, 599, 800], [800, 800]],
    ['after the last part, from 712 on downwards', 0.8, [950, 713, 800, 712, 800], [950, 800]],
    ['one only where --warn-at is behind the last part', 0.97, [940, 950, 970, 999], [950]],
  ])('%s', (_, warnAt, tasks, want) => {
    expect(taken(new PictureTaker({ warnAt }), ...tasks)).toEqual(want);
  });
  it('says which line is near', () => {
    expect(new PictureTaker({ warnAt: 0.8 }).due(reading(850))).toEqual({
      level: 'warn',
      cause: 'budget',
      ceiling: '--max-tasks',
      unit: 'tasks',
      line: 1_000,
      value: 850,
    });
  });
  it('other settings count at once, and a picture that was taken stays taken', () => {
    const taker = new PictureTaker({ warnAt: 0.8 });
    taker.reload({ warnAt: 0.5 });
    expect(taken(taker, 500, 600)).toEqual([500]);
    taker.reload({ warnAt: 0.4 });
    expect(taken(taker, 450, 500)).toEqual([]);
  });
});

describe('when there is none', () => {
  it.each<[string, Reading]>([
    ['where nothing holds', reading(990, { hold: { by: 'nothing', marginTasks: 0 } })],
    ['without a line', reading(990, {}, { maxTasks: undefined })],
    ['of maps that were not counted yet', reading(0, { maps: undefined }, { maxTasks: undefined, maxMaps: 10 })],
    ['of maps that would be gone first', reading(1, { maps: 900 }, { maxMaps: 1_000, mapsPerSecond: 51 })],
  ])('%s', (_, seen) => {
    expect(new PictureTaker({ warnAt: 0.8 }).due(seen)).toBeUndefined();
  });
  it('maps that leave just two seconds are worth one', () => {
    const seen = reading(1, { maps: 900 }, { maxMaps: 1_000, mapsPerSecond: 50 });
    expect(new PictureTaker({ warnAt: 0.8 }).due(seen)).toMatchObject({ unit: 'maps' });
  });
  it('one that came too late is taken when there is time again', () => {
    const taker = new PictureTaker({ warnAt: 0.8 });
    const at = (mapsPerSecond: number) => taker.due(reading(1, { maps: 900 }, { maxMaps: 1_000, mapsPerSecond }));
    expect([at(500) === undefined, at(0) === undefined]).toEqual([true, false]);
  });
});
