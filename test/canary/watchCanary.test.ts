import { describe, expect, it } from 'vitest';
import type { Source } from '../../src/canary/live.ts';
import { type WatchPlan, watchCanary } from '../../src/canary/watchCanary.ts';
import { DEFAULT_RULE, type Judgement } from '../../src/core/growth/judge.ts';
import { liveSource, points } from '../fixtures/canary.ts';
import { fakeClock } from '../fixtures/clock.ts';

const flat = (label: string): Source => liveSource(label, (index) => 200 + (index % 3));
const leak = (label: string): Source => liveSource(label, (index) => 200 + index + (index % 3));
const recorded = (label: string, tasks: (index: number) => number): Source => ({
  kind: 'file',
  series: { label, points: points(120, tasks) },
});

async function watch(baseline: Source, candidate: Source, over: Partial<WatchPlan> = {}, stop?: AbortSignal) {
  const clock = fakeClock();
  const judgements: Judgement[] = [];
  const samples: number[] = [];
  const result = await watchCanary(
    baseline,
    candidate,
    { forMs: 120_000, everyMs: 1_000, rule: DEFAULT_RULE, loadField: undefined, ...over },
    {
      clock,
      stop,
      remaining: () => undefined,
      onSample: (count) => samples.push(count),
      onJudgement: (judgement) => judgements.push(judgement),
    },
  );
  return { result, judgements, samples, elapsedMs: clock.now() };
}

describe('two that run', () => {
  it('alike pass, after the whole time, judged every tenth sample from the thirtieth on', async () => {
    const { elapsedMs, judgements, result, samples } = await watch(flat('a'), flat('b'));
    expect([result?.judgement.verdict, elapsedMs, samples.at(-1)]).toEqual(['pass', 120_000, 121]);
    expect(judgements.map((one) => one.samples)).toEqual([30, 40, 50, 60, 70, 80, 90, 100, 110, 120]);
  });
  it('a certain failure is not watched to the end', async () => {
    const { elapsedMs, judgements, result } = await watch(flat('a'), leak('b'), { forMs: 3_600_000 });
    expect(result?.judgement.verdict).toBe('fail');
    // Found from the start, but it takes three in a row, and sixty samples.
    expect(elapsedMs).toBe(79_000);
    expect(judgements.slice(-3).every(({ verdict }) => verdict === 'fail')).toBe(true);
  });
  it.for([
    ['candidate', 'b ended or was restarted after 50 s'],
    ['baseline', 'a ended or was restarted after 50 s'],
  ] as const)('the %s ends half way: inconclusive, and at once', async ([which, sentence]) => {
    const mortal = (label: string) => liveSource(label, (index) => (index < 50 ? 200 : undefined));
    const { elapsedMs, result } = await watch(
      which === 'baseline' ? mortal('a') : flat('a'),
      which === 'candidate' ? mortal('b') : flat('b'),
    );
    expect(result?.judgement).toMatchObject({ verdict: 'inconclusive', sentence });
    expect(elapsedMs).toBe(50_000);
  });
  it('a leak that was seen stays one when it ends', async () => {
    const bomb = liveSource('b', (index) => (index < 58 ? 200 + 3 * index : undefined));
    expect((await watch(flat('a'), bomb)).result?.judgement.verdict).toBe('fail');
  });
  it('one that was never there gives nothing to judge', async () => {
    const { result } = await watch(
      flat('a'),
      liveSource('b', () => undefined),
    );
    expect(result?.judgement).toMatchObject({
      verdict: 'inconclusive',
      sentence: 'b ended or was restarted after 0 s',
      metrics: [],
    });
  });
  it('too little time is inconclusive', async () => {
    const { result } = await watch(flat('a'), flat('b'), { forMs: 10_000 });
    expect(result?.judgement).toMatchObject({
      verdict: 'inconclusive',
      sentence: 'tasks: only 11 paired samples, 30 are needed',
    });
  });
  it('stopped, there is no verdict', async () => {
    const controller = new AbortController();
    const stopping = liveSource('b', (index) => {
      if (index === 40) controller.abort();
      return 200;
    });
    const { elapsedMs, result } = await watch(flat('a'), stopping, {}, controller.signal);
    expect([result, elapsedMs]).toEqual([undefined, 40_000]);
  });
  it('what a sample throws is thrown', async () => {
    const broken: Source = {
      ...(flat('b') as typeof flat & Source),
      kind: 'live',
      label: 'b',
      selector: { kind: 'here' },
      sample: () => Promise.reject(new Error('EMFILE')),
    };
    await expect(watch(flat('a'), broken)).rejects.toThrow('EMFILE');
  });
});

describe('recordings', () => {
  it('two are judged at once, and nothing is sampled', async () => {
    const { elapsedMs, result, samples } = await watch(
      recorded('a', (index) => 200 + (index % 3)),
      recorded('b', (index) => 200 + index),
    );
    expect([result?.judgement.verdict, elapsedMs, samples]).toEqual(['fail', 0, []]);
  });
  it('one beside what runs is compared from its beginning', async () => {
    const { result } = await watch(
      recorded('a', (index) => 200 + (index % 3)),
      flat('b'),
    );
    expect(result).toMatchObject({
      judgement: { verdict: 'pass' },
      baseline: { label: 'a' },
      candidate: { label: 'b' },
    });
  });
});

it('what the candidate may still take makes a predicted end', async () => {
  const slow = liveSource('b', (index) => Math.round(200 + index / 8));
  const result = await watchCanary(
    flat('a'),
    slow,
    { forMs: 200_000, everyMs: 1_000, rule: DEFAULT_RULE, loadField: undefined },
    { clock: fakeClock(), remaining: () => 30, onSample: () => {}, onJudgement: () => {} },
  );
  expect(result?.judgement.sentence).toMatch(/^tasks: .*nothing is left in/);
});
