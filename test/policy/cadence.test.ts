import { describe, expect, it } from 'vitest';
import { mayRepeat } from '../../src/core/gate.ts';
import {
  BOMB_TASKS_PER_SECOND,
  HONEST_TASKS_PER_SECOND,
  intervalMs,
  isUneventful,
  leastIntervalMs,
} from '../../src/policy/cadence.ts';

describe('cadence', () => {
  it.for([
    {
      name: 'held: the way to the cap at the honest rate',
      isHeld: true,
      distance: 1200,
      seen: 0,
      want: (1200 * 1000) / HONEST_TASKS_PER_SECOND,
    },
    { name: 'held: twice the fastest seen', isHeld: true, distance: 1200, seen: 4000, want: 150 },
    {
      name: 'not held: half the way at a bomb’s rate',
      isHeld: false,
      distance: 5000,
      seen: 0,
      want: 2500_000 / BOMB_TASKS_PER_SECOND,
    },
    { name: 'never slower than a second', isHeld: true, distance: 1e9, seen: 0, want: 1000 },
    {
      name: 'never faster than 5 ms, past the line either',
      isHeld: true,
      distance: -5,
      seen: 0,
      want: 5,
    },
  ])('$name', ({ isHeld, distance, seen, want }) => {
    expect(intervalMs({ isHeld, distanceTasks: distance, fastestPerSecond: seen })).toBe(want);
  });
  const glance = {
    stage: 'calm' as const,
    lookEveryMs: 5_000,
    sinceLookMs: 300,
    tasksMoved: 0,
    hostTasksMoved: 0,
    mapsMoved: 0,
    distanceTasks: 1000,
    refusedNow: 0,
  };
  it.for([
    { name: 'nothing moved', over: {}, want: true },
    { name: 'the target moved', over: { tasksMoved: 8 }, want: false },
    { name: 'somebody else moved the host', over: { hostTasksMoved: 64 }, want: false },
    { name: 'maps were counted and have moved', over: { mapsMoved: 64 }, want: false },
    { name: 'the kernel refused one', over: { refusedNow: 1 }, want: false },
    { name: 'the cap is near, however still the target', over: { distanceTasks: 64 }, want: false },
    { name: 'memory was not looked at for five seconds', over: { sinceLookMs: 5000 }, want: false },
    { name: 'on the ladder', over: { stage: 'warned' as const }, want: false },
  ])('a glance is enough: $name', ({ over, want }) => {
    expect(isUneventful({ ...glance, ...over })).toBe(want);
  });
  it.for([
    { name: 'a cheap look does not slow the loop', cost: 0.05, isHeld: true, want: 2.5 },
    { name: 'a dear one does, to 2 % of a core', cost: 4, isHeld: true, want: 200 },
    { name: 'but never beyond a second', cost: 500, isHeld: true, want: 1_000 },
    { name: 'nor a tenth of one where nothing holds', cost: 500, isHeld: false, want: 100 },
  ])('$name', ({ cost, isHeld, want }) => {
    expect(leastIntervalMs(cost, isHeld)).toBe(want);
  });
  it('spends at most a hundredth of a core on a dear read', () => {
    expect([mayRepeat(2000, 0, 22, 1000), mayRepeat(2200, 0, 22, 1000), mayRepeat(900, 0, 1, 1000)]).toEqual([
      false,
      true,
      false,
    ]);
  });
});
