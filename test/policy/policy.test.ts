import { describe, expect, it } from 'vitest';
import { makeCeiling } from '../../src/core/ceiling.ts';
import { mayRepeat } from '../../src/core/gate.ts';
import { BOMB_TASKS_PER_SECOND, HONEST_TASKS_PER_SECOND, intervalMs, isUneventful } from '../../src/policy/cadence.ts';
import { escalate, type Look, type Stage } from '../../src/policy/escalation.ts';
import { DEFAULT_SETTINGS } from '../../src/policy/settings.ts';
import { decideVerdict, type Reading } from '../../src/policy/verdict.ts';

describe('cadence', () => {
  it.for([
    {
      name: 'held: the leash over the honest rate',
      isHeld: true,
      distance: 1200,
      seen: 0,
      urgent: false,
      want: (1200 * 1000) / HONEST_TASKS_PER_SECOND,
    },
    { name: 'held: twice the fastest seen', isHeld: true, distance: 1200, seen: 4000, urgent: false, want: 150 },
    {
      name: 'not held: half the way at a bomb’s rate',
      isHeld: false,
      distance: 5000,
      seen: 0,
      urgent: false,
      want: 2500_000 / BOMB_TASKS_PER_SECOND,
    },
    { name: 'never slower than a second', isHeld: true, distance: 1e9, seen: 0, urgent: false, want: 1000 },
    {
      name: 'never faster than 5 ms, past the line either',
      isHeld: true,
      distance: -5,
      seen: 0,
      urgent: false,
      want: 5,
    },
    { name: 'urgent', isHeld: true, distance: 1e9, seen: 0, urgent: true, want: 5 },
  ])('$name', ({ isHeld, distance, seen, urgent, want }) => {
    expect(intervalMs({ isHeld, distanceTasks: distance, fastestPerSecond: seen, isUrgent: urgent })).toBe(want);
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
    { name: 'the leash is near, however still the target', over: { distanceTasks: 64 }, want: false },
    { name: 'memory was not looked at for five seconds', over: { sinceLookMs: 5000 }, want: false },
    { name: 'on the ladder', over: { stage: 'warned' as const }, want: false },
  ])('a glance is enough: $name', ({ over, want }) => {
    expect(isUneventful({ ...glance, ...over })).toBe(want);
  });
  it('spends at most a hundredth of a core on a dear read', () => {
    expect([mayRepeat(2000, 0, 22, 1000), mayRepeat(2200, 0, 22, 1000), mayRepeat(900, 0, 1, 1000)]).toEqual([
      false,
      true,
      false,
    ]);
  });
});

const pidMax = makeCeiling({
  name: 'kernel.pid_max',
  scope: 'host',
  unit: 'tasks',
  used: 0,
  limit: 2000,
  source: '',
  raise: '',
});
const maps = makeCeiling({
  name: 'vm.max_map_count',
  scope: 'process',
  unit: 'maps',
  used: 0,
  limit: 1000,
  source: '',
  raise: '',
});
const reading = (over: Partial<Reading> = {}): Reading => ({
  nowMs: 60_000,
  startedMs: 0,
  tasks: 100,
  peakTasks: 100,
  maps: 50,
  budgets: [
    { ceiling: pidMax, allowed: 1000, setBy: 'share' },
    { ceiling: maps, allowed: 900, setBy: 'share' },
  ],
  baselineRemaining: new Map([['kernel.pid_max ', 2000]]),
  growth: { shortPerSecond: 0, longPerSecond: 0, gained: 0 },
  refusedNow: 0,
  leashHits: 0,
  tripShare: 1,
  ...over,
});
const fast = { shortPerSecond: 100, longPerSecond: 100, gained: 400 };

describe('verdict', () => {
  it.for([
    { name: 'quiet', over: {}, settings: {}, want: 'ok' },
    { name: 'at 80 % of the budget', over: { tasks: 800 }, settings: {}, want: 'warn budget' },
    { name: 'at the budget', over: { tasks: 1000 }, settings: {}, want: 'trip budget' },
    {
      name: 'at half of it where nothing holds',
      over: { tasks: 500, tripShare: 0.5 },
      settings: {},
      want: 'trip budget',
    },
    { name: 'maps at their budget', over: { maps: 900 }, settings: {}, want: 'trip budget' },
    { name: 'maps near it', over: { maps: 800 }, settings: {}, want: 'warn budget' },
    { name: 'exactly --max-tasks and content', over: { tasks: 300 }, settings: { maxTasks: 300 }, want: 'warn budget' },
    {
      name: 'exactly --max-tasks and asking for more',
      over: { tasks: 300, refusedNow: 1 },
      settings: { maxTasks: 300 },
      want: 'trip max-tasks',
    },
    {
      name: 'exactly --max-tasks, refusals not counted',
      over: { tasks: 300, refusedNow: undefined },
      settings: { maxTasks: 300 },
      want: 'trip max-tasks',
    },
    { name: '--max-maps', over: { maps: 60 }, settings: { maxMaps: 60 }, want: 'trip max-maps' },
    { name: 'a leash met in ten looks', over: { leashHits: 10 }, settings: {}, want: 'trip leash' },
    { name: 'a forecast near the line', over: { tasks: 800, growth: fast }, settings: {}, want: 'trip forecast' },
    {
      name: 'the same forecast in the start grace',
      over: { tasks: 800, growth: fast, nowMs: 5000 },
      settings: {},
      want: 'warn budget',
    },
    {
      name: 'a rising edge of periodic load',
      over: { tasks: 800, peakTasks: 900, growth: fast },
      settings: {},
      want: 'warn budget',
    },
    {
      name: 'a trend far from the line warns early',
      over: { tasks: 500, growth: fast },
      settings: {},
      want: 'warn forecast',
    },
    {
      name: 'the reserve reached by others',
      over: {
        tasks: 10,
        budgets: [
          { ceiling: { ...pidMax, additionalThreads: 50, remaining: 50 }, allowed: 5, setBy: 'reserve' as const },
        ],
      },
      settings: {},
      want: 'warn foreign',
    },
    {
      name: 'the reserve reached by the target itself',
      over: {
        tasks: 1900,
        budgets: [
          { ceiling: { ...pidMax, additionalThreads: 50, remaining: 50 }, allowed: 1900, setBy: 'reserve' as const },
        ],
      },
      settings: {},
      want: 'trip budget',
    },
  ])('$name → $want', ({ over, settings, want }) => {
    const { level, cause } = decideVerdict({ ...DEFAULT_SETTINGS, ...settings }, reading(over));
    expect(cause === undefined ? level : `${level} ${cause}`).toBe(want);
  });
});

describe('ladder', () => {
  const trip = { level: 'trip', cause: 'budget' } as const;
  const look = (over: Partial<Look> = {}): Look => ({
    nowMs: 1000,
    tasks: 1000,
    verdict: { level: 'ok' },
    refusedNow: 0,
    refusedSinceClamp: 0,
    looksRefused: 0,
    isUnholdable: false,
    ...over,
  });
  const clamped: Stage = { at: 'clamped', sinceMs: 0, tasks: 1000, isDumped: true, recededSinceMs: undefined };
  const terminating: Stage = { at: 'terminating', sinceMs: 0, tasks: 1000 };
  it.for([
    { name: 'calm stays calm', stage: { at: 'calm' } as Stage, look: {}, settings: {}, want: ['calm'] },
    {
      name: 'a warning is said',
      stage: { at: 'calm' } as Stage,
      look: { verdict: { level: 'warn' as const } },
      settings: {},
      want: ['warned', 'warn'],
    },
    {
      name: 'and said once',
      stage: { at: 'warned', sinceMs: 0, calmSinceMs: undefined } as Stage,
      look: { verdict: { level: 'warn' as const } },
      settings: {},
      want: ['warned'],
    },
    {
      name: 'a trip clamps first',
      stage: { at: 'calm' } as Stage,
      look: { verdict: trip },
      settings: {},
      want: ['clamped', 'trip', 'clamp'],
    },
    {
      name: '--until warn only warns',
      stage: { at: 'calm' } as Stage,
      look: { verdict: trip },
      settings: { until: 'warn' as const },
      want: ['warned', 'warn'],
    },
    {
      name: 'a clamped target is dumped',
      stage: { ...clamped, isDumped: false },
      look: {},
      settings: {},
      want: ['clamped', 'dump'],
    },
    {
      name: 'a storm that nothing holds is killed at once, with the evidence there is time for',
      stage: { at: 'calm' } as Stage,
      look: { verdict: trip, isUnholdable: true },
      settings: {},
      want: ['killed', 'trip', 'dump', 'kill'],
    },
    {
      name: 'unless it may only be clamped',
      stage: { at: 'calm' } as Stage,
      look: { verdict: trip, isUnholdable: true },
      settings: { until: 'clamp' as const },
      want: ['clamped', 'trip', 'clamp'],
    },
    {
      name: '--dump-timeout 0 takes no picture',
      stage: { ...clamped, isDumped: false },
      look: { looksRefused: 3 },
      settings: { dumpTimeoutMs: 0 },
      want: ['terminating', 'terminate'],
    },
    {
      name: '--grace 0 sends no SIGTERM',
      stage: clamped,
      look: { looksRefused: 3 },
      settings: { graceMs: 0 },
      want: ['killed', 'kill'],
    },
    { name: 'one that does not push has time', stage: clamped, look: {}, settings: {}, want: ['clamped'] },
    {
      name: 'one that pushes has none',
      stage: clamped,
      look: { refusedNow: 40, refusedSinceClamp: 64 },
      settings: {},
      want: ['terminating', 'terminate'],
    },
    {
      name: 'refused in three looks is pushing too',
      stage: clamped,
      look: { looksRefused: 3 },
      settings: {},
      want: ['terminating', 'terminate'],
    },
    {
      name: 'unknown refusals are not taken as safe',
      stage: clamped,
      look: { refusedNow: undefined },
      settings: {},
      want: ['terminating', 'terminate'],
    },
    { name: 'patience ends', stage: clamped, look: { nowMs: 5000 }, settings: {}, want: ['terminating', 'terminate'] },
    {
      name: '--until dump leaves it clamped',
      stage: clamped,
      look: { nowMs: 9000, looksRefused: 9 },
      settings: { until: 'dump' as const },
      want: ['clamped'],
    },
    {
      name: 'a receded target is released after a while',
      stage: { ...clamped, recededSinceMs: 0 },
      look: { nowMs: 5000, tasks: 700 },
      settings: {},
      want: ['warned', 'release'],
    },
    {
      name: 'and not before',
      stage: { ...clamped, recededSinceMs: 0 },
      look: { nowMs: 4000, tasks: 700 },
      settings: {},
      want: ['clamped'],
    },
    { name: 'grace runs', stage: terminating, look: { nowMs: 9000 }, settings: {}, want: ['terminating'] },
    {
      name: 'grace ends in a kill',
      stage: terminating,
      look: { nowMs: 10_000 },
      settings: {},
      want: ['killed', 'kill'],
    },
    {
      name: 'still creating after SIGTERM ends it at once',
      stage: terminating,
      look: { refusedNow: 1 },
      settings: {},
      want: ['killed', 'kill'],
    },
    {
      name: '--until terminate never kills',
      stage: terminating,
      look: { nowMs: 99_000 },
      settings: { until: 'terminate' as const },
      want: ['terminating'],
    },
    {
      name: 'killed is the end',
      stage: { at: 'killed', sinceMs: 0 } as Stage,
      look: { verdict: trip },
      settings: {},
      want: ['killed'],
    },
  ])('$name', ({ stage, look: over, settings, want }) => {
    const next = escalate({ ...DEFAULT_SETTINGS, ...settings }, stage, look(over));
    expect([next.stage.at, ...next.effects]).toEqual(want);
  });
});
