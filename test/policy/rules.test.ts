import { describe, expect, it } from 'vitest';
import type { Sample } from '../../src/core/model.ts';
import { lookAtRules, type Rule, type RuleState, reachOf } from '../../src/policy/rules.ts';

const base: Rule = {
  name: 'r',
  resource: 'tasks',
  above: undefined,
  exhaustsWithinMs: undefined,
  growsPerSecond: undefined,
  lasts: { samples: 1 },
  steps: ['warn'],
};

/** A look a second at these numbers of tasks; in which looks the rule fired. */
function fires(rule: Partial<Rule>, tasks: readonly number[], lines = { tasks: 1_000, maps: 10_000 }): number[] {
  let states: ReadonlyMap<string, RuleState> = new Map();
  const samples: Sample[] = [];
  const at: number[] = [];
  for (const [index, count] of tasks.entries()) {
    const sample = { timeMs: index * 1_000, tasks: count, maps: count * 2, refused: 0 };
    samples.push(sample);
    const result = lookAtRules([{ ...base, ...rule }], states, { nowMs: index * 1_000, sample, samples, lines });
    states = result.states;
    if (result.fired.length > 0) at.push(index);
  }
  return at;
}
const ramp = (from: number, step: number, length: number) => Array.from({ length }, (_, index) => from + index * step);

describe('a rule fires', () => {
  it.each<[string, Partial<Rule>, number[], number[]]>([
    ['above a count', { above: 50 }, [10, 50, 51, 60], [2]],
    ['above a share of the line', { above: { share: 0.5 } }, [400, 500, 501], [2]],
    ['only after three samples in a row', { above: 50, lasts: { samples: 3 } }, [60, 60, 10, 60, 60, 60, 60], [5]],
    ['only after two seconds', { above: 50, lasts: { ms: 2_000 } }, [60, 60, 60, 60], [2]],
    ['again when it was over', { above: 50 }, [60, 60, 10, 60], [0, 3]],
    ['maps by their own line', { resource: 'maps', above: { share: 0.01 } }, [10, 50, 51], [2]],
    ['growing fast', { growsPerSecond: 20 }, [...ramp(0, 10, 4), ...ramp(60, 30, 6)], [6]],
    ['a forecast', { exhaustsWithinMs: 10_000 }, ramp(100, 60, 16), [5]],
    ['no forecast of a handful', { exhaustsWithinMs: 3_600_000 }, ramp(100, 1, 10), []],
    ['nothing of a plateau', { exhaustsWithinMs: 600_000 }, [100, 400, 400, 400, 400, 400], [1]],
    ['all conditions together', { above: 700, exhaustsWithinMs: 10_000 }, ramp(100, 60, 16), [11]],
  ])('%s', (_, rule, tasks, want) => {
    expect(fires(rule, tasks)).toEqual(want);
  });
  it('not where nothing is known to compare with', () => {
    const lines = { tasks: undefined, maps: undefined } as unknown as { tasks: number; maps: number };
    expect(fires({ above: { share: 0.5 } }, [900], lines)).toEqual([]);
    expect(fires({ exhaustsWithinMs: 60_000 }, ramp(0, 100, 9), lines)).toEqual([]);
  });
});

describe('how far it goes', () => {
  it.each<[Rule['steps'], ReturnType<typeof reachOf>]>([
    [['warn'], undefined],
    [['dump'], undefined],
    [['warn', 'dump'], undefined],
    [['dump', 'clamp'], { until: 'dump', isAbrupt: false }],
    [['clamp'], { until: 'clamp', isAbrupt: false }],
    [['terminate'], { until: 'terminate', isAbrupt: false }],
    [['terminate', 'kill'], { until: 'kill', isAbrupt: false }],
    [['kill'], { until: 'kill', isAbrupt: true }],
  ])('%j', (steps, want) => {
    expect(reachOf({ ...base, steps })).toEqual(want);
  });
});
