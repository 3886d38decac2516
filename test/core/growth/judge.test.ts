import { describe, expect, it } from 'vitest';
import { type CanaryVerdict, DEFAULT_RULE, judge } from '../../../src/core/growth/judge.ts';
import { series, service } from '../../fixtures/series.ts';

describe('two services', () => {
  const verdict = (baseline: number[], candidate: number[], remaining?: number): [CanaryVerdict, number] => {
    const found = judge([{ name: 'tasks', baseline, candidate, remaining }], 1_000);
    return [found.verdict, found.score];
  };
  it.each<[string, number[], number[], [CanaryVerdict, number]]>([
    ['alike', service(200), service(200), ['pass', 100]],
    ['leaner', service(200), service(130), ['pass', 100]],
    ['leaking', service(200), service(200, 60), ['fail', 0]],
    ['leaner and leaking', service(200), service(130, 60), ['fail', 0]],
    ['a fifth larger', service(200), service(240), ['marginal', 50]],
    ['half as large again', service(200), service(300), ['fail', 0]],
    ['two threads larger', service(4), service(6), ['pass', 100]],
    ['both leaking', service(200, 80), service(200, 80), ['inconclusive', 0]],
  ])('%s', (_, baseline, candidate, want) => {
    // One metric alone that is marginal is half of all points: the rule of the default would call that a failure.
    const found = judge([{ name: 'tasks', baseline, candidate }], 1_000, { ...DEFAULT_RULE, marginal: 50 });
    expect([found.verdict, found.score]).toEqual(want);
  });
  it('too few, or a predicted end', () => {
    expect(verdict(service(200).slice(0, 29), service(200).slice(0, 29))[0]).toBe('inconclusive');
    expect(verdict(service(200), service(200, 40), 20)[0]).toBe('fail');
  });
  it('what load explains is taken out, and a leak stays one', () => {
    // A thread for every request: the candidate is given more and more of them.
    const loads = {
      baseline: series((x) => 50 + 10 * Math.sin(9 * x)),
      candidate: series((x) => 50 + 10 * Math.sin(9 * x) + 60 * x),
    };
    const under = (requests: number[], leak = 0) =>
      requests.map((count, index) => Math.round(40 + count + (leak * index) / 119));
    const verdictOf = (candidate: number[], load?: typeof loads) =>
      judge([{ name: 'tasks', baseline: under(loads.baseline), candidate, load }], 1_000).verdict;
    expect(verdictOf(under(loads.candidate))).toBe('fail');
    expect(verdictOf(under(loads.candidate), loads)).toBe('pass');
    expect(verdictOf(under(loads.candidate, 40), loads)).toBe('fail');
  });
  it('a leak in one metric is a failure of all', () => {
    const good = { name: 'processes', baseline: service(20), candidate: service(20) };
    const found = judge([good, { name: 'maps', baseline: service(400), candidate: service(400, 200) }], 1_000);
    expect([found.verdict, found.score, found.sentence]).toEqual(['fail', 0, expect.stringMatching(/^maps: grew by/)]);
  });
  it('the same series, the same verdict', () => {
    const once = () => judge([{ name: 'tasks', baseline: service(200), candidate: service(210, 9) }], 1_000);
    expect(once()).toEqual(once());
  });
});
