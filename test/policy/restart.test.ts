import { describe, expect, it } from 'vitest';
import {
  decideRestart,
  type EndKind,
  NO_MEMORY,
  type RestartMemory,
  type RestartMode,
  type RestartRule,
  whyNoMore,
  withinWindow,
} from '../../src/policy/restart.ts';

const rule: RestartRule = {
  mode: 'on-failure',
  delayMs: 1_000,
  mostDelayMs: 30_000,
  most: { count: 3, windowMs: 600_000 },
};
const end = (over: object = {}) => ({
  kind: 'failure' as EndKind,
  uptimeMs: 500,
  atMs: 1_000_000,
  wasCalm: true,
  ...over,
});
const decide = (over: object = {}, memory: Partial<RestartMemory> = {}, random = 1) =>
  decideRestart({ ...rule, ...over }, { ...NO_MEMORY, ...memory }, end(over), random);

describe('whether it is started again', () => {
  it.each<[RestartMode, EndKind, string]>([
    ['no', 'failure', 'leave'],
    ['no', 'trip', 'leave'],
    ['on-failure', 'success', 'leave'],
    ['on-failure', 'failure', 'restart'],
    ['on-failure', 'trip', 'restart'],
    ['on-trip', 'failure', 'leave'],
    ['on-trip', 'trip', 'restart'],
    ['always', 'success', 'restart'],
    ['always', 'trip', 'restart'],
  ])('%s after a %s: %s', (mode, kind, want) => {
    expect(decide({ mode, kind }).next).toBe(want);
  });
});

describe('the delay', () => {
  const delay = (memory: Partial<RestartMemory>, over: object = {}, random = 1) => {
    const decision = decide(over, memory, random);
    return decision.next === 'restart' ? decision.delayMs : undefined;
  };
  it('doubles up to the longest', () => {
    expect([0, 1, 2, 3, 4, 5, 40].map((inARow) => delay({ inARow }))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
  });
  it('is drawn from nothing to the whole step', () => {
    expect([0, 0.25, 1].map((random) => delay({ inARow: 2 }, {}, random))).toEqual([0, 1_000, 4_000]);
  });
  it.each([
    ['a stable run begins anew', { uptimeMs: 60_000 }, 1_000],
    ['one that still grew does not', { uptimeMs: 60_000, wasCalm: false }, 16_000],
    ['a minute is not stable after a long delay', { uptimeMs: 60_000 }, 16_000, 20_000],
    ['ten times the delay is', { uptimeMs: 200_000 }, 1_000, 20_000],
    ['a short run goes on', { uptimeMs: 59_000 }, 16_000],
  ])('%s', (_, over, want, lastDelayMs = 5_000) => {
    expect(delay({ inARow: 4, lastDelayMs }, over)).toBe(want);
  });
});

describe('giving up', () => {
  const times = (count: number) => Array.from({ length: count }, (_, index) => 900_000 + index);
  it('crashes and trips are counted apart', () => {
    expect(decide({}, { crashes: times(2), trips: times(3) }).next).toBe('restart');
    expect(decide({}, { crashes: times(3) }).next).toBe('give-up');
    expect(decide({ kind: 'trip' }, { crashes: times(3), trips: times(2) }).next).toBe('restart');
    const decision = decide({ kind: 'trip' }, { trips: times(3) });
    expect(decision).toMatchObject({ next: 'give-up', reason: 'it was stopped 4 times in 10 min' });
  });
  it('what is older than the window is forgotten', () => {
    expect(decide({}, { crashes: [1, 2, 500_000] }).memory.crashes).toEqual([500_000, 1_000_000]);
    expect(decide({ atMs: 600_001 }, { crashes: [1, 2, 3] }).memory.crashes).toEqual([2, 3, 600_001]);
  });
  it('a clock that went back does not condemn a service', () => {
    expect(withinWindow({ ...NO_MEMORY, crashes: [5_000] }, rule, 1_000).crashes).toEqual([]);
  });
  it('a memory alone can be enough, but not without restarts', () => {
    const memory = { crashes: [], trips: [1, 2, 3, 4] };
    expect(whyNoMore(rule, memory)).toMatch(/stopped 4 times/);
    expect(whyNoMore({ ...rule, mode: 'no' }, memory)).toBeUndefined();
  });
});
