import { describe, expect, it } from 'vitest';
import type { CanaryJudging, CanaryOptions } from '../../src/canary/canaryOptions.ts';
import { exitOf, planCanary } from '../../src/canary/planCanary.ts';

const judging: CanaryJudging = {
  pass: 90,
  marginal: 75,
  tolerance: 0.25,
  horizonMs: 3_600_000,
  onMarginal: 'marginal',
  onInconclusive: 'inconclusive',
};
const options = (over: {
  subjects?: Partial<CanaryOptions['subjects']>;
  judging?: Partial<CanaryJudging>;
  output?: Partial<CanaryOptions['output']>;
}): CanaryOptions => ({
  subjects: { baseline: 'a', candidate: 'b', forMs: 10, everyMs: 1, loadMetric: undefined, ...over.subjects },
  judging: { ...judging, ...over.judging },
  output: { serve: undefined, name: 'canary', html: undefined, json: false, ...over.output },
});

describe('a plan', () => {
  it('of two selectors', () => {
    expect(planCanary(options({}), [])).toEqual({
      baseline: 'a',
      candidate: { selector: 'b' },
      watch: {
        forMs: 10,
        everyMs: 1,
        loadField: undefined,
        rule: { tolerance: 0.25, horizonMs: 3_600_000, pass: 90, marginal: 75 },
      },
      mayWaitOnce: false,
      serve: undefined,
    });
  });
  it('of a command, with a port and a second watch', () => {
    const asked = options({
      subjects: { candidate: undefined },
      judging: { onInconclusive: 'wait' },
      output: { serve: '127.0.0.1:0', name: 'orders' },
    });
    expect(planCanary(asked, ['sleep', '1'])).toMatchObject({
      candidate: { command: ['sleep', '1'] },
      mayWaitOnce: true,
      serve: { address: '127.0.0.1:0', name: 'orders' },
    });
  });
  it.for([
    ['no baseline', options({ subjects: { baseline: undefined } }), []],
    ['neither a candidate nor a command', options({ subjects: { candidate: undefined } }), []],
    ['a candidate and a command', options({}), ['sleep']],
    ['scores in the wrong order', options({ judging: { marginal: 95 } }), []],
    ['a score that nobody can reach', options({ judging: { pass: 101 } }), []],
  ] as const)('%s is refused, with a hint', ([, asked, command]) => {
    let error: unknown;
    try {
      planCanary(asked, command);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ name: 'GuardError', exitCode: 125, hint: expect.stringMatching(/./) });
  });
});

describe('the exit status', () => {
  it.for([
    ['pass', {}, 0],
    ['fail', {}, 91],
    ['marginal', {}, 92],
    ['marginal', { onMarginal: 'pass' }, 0],
    ['marginal', { onMarginal: 'fail' }, 91],
    ['inconclusive', {}, 93],
    ['inconclusive', { onInconclusive: 'pass' }, 0],
    ['inconclusive', { onInconclusive: 'fail' }, 91],
    ['inconclusive', { onInconclusive: 'wait' }, 93],
    ['fail', { onMarginal: 'pass', onInconclusive: 'pass' }, 91],
  ] as const)('of %s with %o is %i', ([verdict, over, want]) => {
    expect(exitOf(verdict, { ...judging, ...over })).toBe(want);
  });
});
