import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/core/model.ts';
import { escalate, type Look, type Reach, type Stage } from '../../src/policy/escalation.ts';
import type { Opinion } from '../../src/policy/verdict.ts';

const trip: Opinion = { level: 'trip', cause: 'budget', ceiling: 'pids.max', unit: 'tasks', line: 1_000, value: 1_000 };
const mapsTrip: Opinion = { ...trip, ceiling: 'vm.max_map_count', unit: 'maps' };
const ruleTrip: Opinion = { ...trip, cause: 'policy', ceiling: 'small' };
const warning: Opinion = { ...trip, level: 'warn' };
const reach: Reach = { until: 'kill', graceMs: 10_000, patienceMs: 5_000 };
const until = (step: Step, over: Partial<Reach> = {}): Reach => ({ ...reach, until: step, ...over });
const tripped = { sinceMs: 0, because: trip, reach } as const;
const calm: Stage = { at: 'calm' };
const clamped: Extract<Stage, { at: 'clamped' }> = {
  at: 'clamped',
  ...tripped,
  tasks: 1_000,
  isDumped: true,
  recededSinceMs: undefined,
};
const terminating: Extract<Stage, { at: 'terminating' }> = { at: 'terminating', ...tripped, tasks: 1_000 };
const look = (over: Partial<Look> = {}): Look => ({
  nowMs: 1_000,
  tasks: 1_000,
  verdict: { level: 'ok' },
  reach,
  refusedNow: 0,
  refusedSinceClamp: 0,
  looksRefused: 0,
  isUnholdable: false,
  wantsEvidence: true,
  ...over,
});

describe('the ladder', () => {
  it.each<[string, Stage, Partial<Look>, string[]]>([
    ['calm stays calm', calm, {}, ['calm']],
    ['a warning is said', calm, { verdict: warning }, ['warned', 'warn']],
    ['and said once', { at: 'warned', sinceMs: 0, calmSinceMs: undefined }, { verdict: warning }, ['warned']],
    [
      'it is taken back after ten calm seconds',
      { at: 'warned', sinceMs: 0, calmSinceMs: 0 },
      { nowMs: 10_000 },
      ['calm'],
    ],
    ['and not before', { at: 'warned', sinceMs: 0, calmSinceMs: 0 }, { nowMs: 9_999 }, ['warned']],
    ['a trip clamps first', calm, { verdict: trip }, ['clamped', 'trip', 'clamp']],
    ['--until warn only warns', calm, { verdict: trip, reach: until('warn') }, ['warned', 'warn']],
    ['a clamped target is dumped', { ...clamped, isDumped: false }, {}, ['clamped', 'dump']],
    [
      'a storm that nothing holds is killed at once, with the evidence there is time for',
      calm,
      { verdict: trip, isUnholdable: true },
      ['killed', 'trip', 'dump', 'kill'],
    ],
    [
      'and without, where none is wanted',
      calm,
      { verdict: trip, isUnholdable: true, wantsEvidence: false },
      ['killed', 'trip', 'kill'],
    ],
    [
      'unless it may only be clamped',
      calm,
      { verdict: trip, isUnholdable: true, reach: until('clamp') },
      ['clamped', 'trip', 'clamp'],
    ],
    [
      'no evidence is wanted',
      { ...clamped, isDumped: false },
      { looksRefused: 3, wantsEvidence: false },
      ['terminating', 'terminate'],
    ],
    [
      'no grace means no SIGTERM',
      { ...clamped, reach: until('kill', { graceMs: 0 }) },
      { looksRefused: 3 },
      ['killed', 'kill'],
    ],
    [
      'but a ladder that ends at SIGTERM sends it',
      { ...clamped, reach: until('terminate', { graceMs: 0 }) },
      { looksRefused: 3 },
      ['terminating', 'terminate'],
    ],
    ['one that does not push has time', clamped, {}, ['clamped']],
    ['one that pushes has none', clamped, { refusedNow: 40, refusedSinceClamp: 64 }, ['terminating', 'terminate']],
    ['refused in three looks is pushing too', clamped, { looksRefused: 3 }, ['terminating', 'terminate']],
    ['unknown refusals are not taken as safe', clamped, { refusedNow: undefined }, ['terminating', 'terminate']],
    ['patience ends', clamped, { nowMs: 5_000 }, ['terminating', 'terminate']],
    ['not for one that recedes', clamped, { nowMs: 5_000, tasks: 700 }, ['clamped']],
    ['maps leave no time for patience', { ...clamped, because: mapsTrip }, {}, ['terminating', 'terminate']],
    ['a rule on maps has what it says', { ...clamped, because: { ...mapsTrip, cause: 'policy' } }, {}, ['clamped']],
    [
      '--until dump leaves it clamped',
      { ...clamped, reach: until('dump') },
      { nowMs: 9_000, looksRefused: 9 },
      ['clamped'],
    ],
    [
      'a receded target is released after a while',
      { ...clamped, recededSinceMs: 0 },
      { nowMs: 5_000, tasks: 700 },
      ['warned', 'release'],
    ],
    ['and not before', { ...clamped, recededSinceMs: 0 }, { nowMs: 4_000, tasks: 700 }, ['clamped']],
    ['nor when it came back meanwhile', { ...clamped, recededSinceMs: 0 }, { nowMs: 4_000, tasks: 900 }, ['clamped']],
    ['grace runs', terminating, { nowMs: 9_000 }, ['terminating']],
    ['grace ends in a kill', terminating, { nowMs: 10_000 }, ['killed', 'kill']],
    ['still creating after SIGTERM ends it at once', terminating, { refusedNow: 1 }, ['killed', 'kill']],
    ['growing after it too', terminating, { tasks: 1_001 }, ['killed', 'kill']],
    [
      '--until terminate never kills',
      { ...terminating, reach: until('terminate') },
      { nowMs: 99_000, reach: until('terminate') },
      ['terminating'],
    ],
    ['killed is the end', { at: 'killed', ...tripped }, { verdict: trip }, ['killed']],
  ])('%s', (_, stage, over, want) => {
    const next = escalate(stage, look(over));
    expect([next.stage.at, ...next.effects]).toEqual(want);
  });
});

describe('a stronger trip takes the place of the one that led here', () => {
  const byRule = { ...clamped, because: ruleTrip, reach: until('clamp') };
  it.each<[string, Stage, Partial<Look>, Opinion, string[]]>([
    ['a line of the guard over a rule that only clamps', byRule, { verdict: trip }, trip, ['trip']],
    [
      'maps over tasks: there is no time',
      { ...clamped, sinceMs: 900 },
      { verdict: mapsTrip },
      mapsTrip,
      ['trip', 'terminate'],
    ],
    ['not the same again', clamped, { verdict: trip }, trip, []],
    ['not a milder rule', clamped, { verdict: ruleTrip, reach: until('clamp') }, trip, []],
    ['not a warning', byRule, { verdict: warning }, ruleTrip, []],
    [
      'a kill after a rule that went as far as SIGTERM',
      { ...terminating, because: ruleTrip, reach: until('terminate') },
      { verdict: trip, nowMs: 5_000 },
      trip,
      ['trip'],
    ],
  ])('%s', (_, stage, over, because, effects) => {
    const next = escalate(stage, look(over));
    expect(next.stage).toMatchObject({ because });
    expect(next.effects).toEqual(effects);
  });
  it('its own time begins with it', () => {
    const next = escalate({ ...byRule, sinceMs: -60_000 }, look({ verdict: trip }));
    expect(next.stage).toMatchObject({ at: 'clamped', sinceMs: 1_000, reach });
  });
  it('the verdict stays through every stage', () => {
    let stage: Stage = calm;
    const steps: Partial<Look>[] = [{ verdict: mapsTrip }, {}, {}, { nowMs: 20_000 }];
    for (const over of steps) stage = escalate(stage, look(over)).stage;
    expect(stage).toEqual({ at: 'killed', sinceMs: 20_000, because: mapsTrip, reach });
  });
});
