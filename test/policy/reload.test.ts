import { describe, expect, it } from 'vitest';
import { contradictions, nextSettings } from '../../src/policy/reload.ts';
import type { Rule } from '../../src/policy/rules.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/policy/settings.ts';

const rule = (name: string): Rule => ({
  name,
  resource: 'tasks',
  above: 5,
  exhaustsWithinMs: undefined,
  growsPerSecond: undefined,
  lasts: { samples: 1 },
  steps: ['warn'],
});

describe('the next snapshot of settings', () => {
  it('is the new one, but for what is decided at the start: that keeps its value and is named', () => {
    const next: Settings = { ...DEFAULT_SETTINGS, maxTasks: 5, contain: 'none', onGuardDeath: 'kill' };
    expect(nextSettings(DEFAULT_SETTINGS, next)).toEqual({
      settings: { ...DEFAULT_SETTINGS, maxTasks: 5 },
      needsRestart: ['contain', 'onGuardDeath'],
    });
  });
  it('changes neither of the two', () => {
    const [now, next] = [Object.freeze({ ...DEFAULT_SETTINGS }), Object.freeze({ ...DEFAULT_SETTINGS, warnAt: 0.5 })];
    expect(nextSettings(now, next)).toEqual({ settings: next, needsRestart: [] });
  });
});

describe('a snapshot that contradicts itself', () => {
  it.each<[string, Partial<Settings>, number]>([
    ['the defaults are sound', {}, 0],
    ['containment wanted of a dry run', { requireContainment: true, dryRun: true }, 1],
    ['containment wanted and refused', { requireContainment: true, contain: 'none' }, 1],
    ['a leash beyond the most tasks', { leash: 100, maxTasks: 50 }, 1],
    ['a leash within it', { leash: 50, maxTasks: 50 }, 0],
    ['a reserve of everything', { budget: { shares: {}, reserve: { share: 1 } } }, 1],
    ['two policies of one name', { rules: [rule('a'), rule('b'), rule('a')] }, 1],
    ['two faults are both said', { requireContainment: true, dryRun: true, leash: 2, maxTasks: 1 }, 2],
  ])('%s', (_, over, count) => {
    expect(contradictions({ ...DEFAULT_SETTINGS, ...over })).toHaveLength(count);
  });
});
