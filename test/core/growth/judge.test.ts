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

describe('what is said of a comparison', () => {
  const only = (baseline: number[], candidate: number[], rest: { remaining?: number } = {}) =>
    judge([{ name: 'tasks', baseline, candidate, ...rest }], 1_000);
  it('nothing was compared', () => {
    expect(judge([], 1_000)).toMatchObject({ verdict: 'inconclusive', score: 0, sentence: 'nothing was compared' });
  });
  it('too few samples: how many there are, and how many are needed', () => {
    const few = only(service(200).slice(0, 12), service(200));
    expect(few).toMatchObject({ samples: 12, sentence: 'tasks: only 12 paired samples, 30 are needed' });
    expect(few.metrics[0]).toMatchObject({ baseline: undefined, level: undefined, isCritical: false });
  });
  it('a level: both numbers, and the share', () => {
    expect(only(service(200), service(300)).sentence).toBe('tasks: 297 against 198: +50%, goes up and down around 302');
    expect(only(service(200), service(100)).sentence).toMatch(/^tasks: \d+ against 198: -50%, /);
  });
  it('a leak says how soon nothing is left, where that is known', () => {
    expect(only(service(200), service(200, 60)).sentence).not.toContain('nothing is left');
    expect(only(service(200), service(200, 60), { remaining: 600 }).sentence).toMatch(/; nothing is left in \d+ min/);
  });
  it('a leak of both is nobody’s: the baseline is named', () => {
    expect(only(service(200, 80), service(200, 80)).sentence).toMatch(/^tasks: the baseline itself grows: it grows /);
  });
  it('a late leak behind a flat baseline is one, with its beginning cut or not', () => {
    const late = series((x) => 200 + 150 * Math.max(0, x - 0.5));
    expect(only(service(200), late)).toMatchObject({ verdict: 'fail', score: 0, metrics: [{ isCritical: true }] });
  });
});

describe('the score of several metrics', () => {
  const metric = (name: string, level: number) => ({ name, baseline: service(200), candidate: service(level) });
  it.for([
    ['all pass', [200, 200, 200], 'pass', 100],
    ['one of two is marginal', [200, 240], 'marginal', 75],
    ['one of ten is marginal', [240, ...Array<number>(9).fill(200)], 'pass', 95],
    ['one of two fails by its level', [200, 300], 'fail', 50],
    ['one of five fails by its level', [300, 200, 200, 200, 200], 'marginal', 80],
  ] as const)('%s', ([, levels, verdict, score]) => {
    const found = judge(
      levels.map((level, index) => metric(`m${index}`, level)),
      1_000,
    );
    expect([found.verdict, found.score]).toEqual([verdict, score]);
  });
  it('one that could not be compared leaves the whole inconclusive, but a leak decides all the same', () => {
    const short = { name: 'short', baseline: [1, 2], candidate: [1, 2] };
    expect(judge([metric('a', 200), short], 1_000).verdict).toBe('inconclusive');
    const leak = { name: 'leak', baseline: service(200), candidate: service(200, 60) };
    expect(judge([short, leak], 1_000)).toMatchObject({ verdict: 'fail', sentence: expect.stringMatching(/^leak: /) });
  });
  it('other bounds give another verdict about the same score', () => {
    const of = (pass: number, marginal: number) =>
      judge([metric('a', 200), metric('b', 240)], 1_000, { ...DEFAULT_RULE, pass, marginal }).verdict;
    expect([of(75, 50), of(76, 75), of(90, 76)]).toEqual(['pass', 'marginal', 'fail']);
  });
  it('more tolerance lets a higher level pass', () => {
    const of = (tolerance: number) => judge([metric('a', 300)], 1_000, { ...DEFAULT_RULE, tolerance }).verdict;
    expect([of(0.25), of(2)]).toEqual(['fail', 'pass']);
  });
});
