import { LEAST_POINTS } from '../core/growth/classify.ts';
import { type Judgement, type JudgeRule, judge } from '../core/growth/judge.ts';
import type { Source } from './live.ts';
import { type Paired, pairSeries } from './pair.ts';
import type { MetricName, Series, SeriesPoint } from './recording.ts';

/** A verdict, and what it was judged by. */
export interface CanaryResult {
  readonly judgement: Judgement;
  readonly baseline: Series;
  readonly candidate: Series;
  readonly stepMs: number;
  /** What was compared, at equal distances. */
  readonly paired: Paired;
}

/** How a canary is watched. */
export interface WatchOptions {
  readonly forMs: number;
  readonly everyMs: number;
  readonly rule: JudgeRule;
  /** What load is taken out; `undefined` for none. */
  readonly loadField: string | undefined;
  /** What the candidate may still take, by what is counted. */
  readonly remaining: (name: MetricName) => number | undefined;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Called after each sample. */
  readonly onSample: (samples: number, elapsedMs: number) => void;
  /** Called with each verdict on the way. */
  readonly onJudgement: (judgement: Judgement) => void;
}

/** A failure is certain when it was found so often in a row. */
const CERTAIN = 3;
/** Judged again after so many samples; stopped early not before there are this many. */
const JUDGE_EVERY = 10;
const JUDGE_FROM = 60;

/** Samples what is live, side by side, until the time is over or the candidate has certainly failed. */
export async function watchCanary(baseline: Source, candidate: Source, options: WatchOptions): Promise<CanaryResult> {
  const [b, c] = [baseline, candidate].map((source) => pointsOf(source)) as [Points, Points];
  const result = (doubts: readonly string[]): CanaryResult => judgePaired(b.series(), c.series(), doubts, options);
  if (baseline.kind === 'file' && candidate.kind === 'file') return result([]);
  const startMs = options.now();
  const doubts: string[] = [];
  let failures = 0;
  for (let samples = 1; doubts.length === 0; samples += 1) {
    const elapsedMs = options.now() - startMs;
    for (const [source, points] of [
      [baseline, b],
      [candidate, c],
    ] as const) {
      if (source.kind === 'file') continue;
      const point = await source.sample();
      if (point === undefined)
        doubts.push(`${source.label} ended or was restarted after ${Math.round(elapsedMs / 1000)} s`);
      else points.add({ timeMs: Math.round(elapsedMs), ...point });
    }
    options.onSample(samples, elapsedMs);
    if (elapsedMs >= options.forMs) break;
    if (samples >= LEAST_POINTS && samples % JUDGE_EVERY === 0) {
      const { judgement } = result([]);
      options.onJudgement(judgement);
      const isCertain =
        samples >= JUDGE_FROM && judgement.metrics.some(({ isCritical, verdict }) => isCritical && verdict === 'fail');
      failures = isCertain ? failures + 1 : 0;
      if (failures >= CERTAIN) break;
    }
    await options.sleep(Math.max(0, options.everyMs - (options.now() - startMs - elapsedMs)));
  }
  return result(doubts);
}

interface Points {
  add(point: SeriesPoint): void;
  series(): Series;
}

function pointsOf(source: Source): Points {
  const points: SeriesPoint[] = source.kind === 'file' ? [...source.series.points] : [];
  const label = source.kind === 'file' ? source.series.label : source.label;
  return { add: (point) => void points.push(point), series: () => ({ label, points }) };
}

const NO_PAIRS: Paired = { stepMs: 1, metrics: new Map(), load: undefined, doubts: [] };

function judgePaired(
  baseline: Series,
  candidate: Series,
  doubts: readonly string[],
  { loadField, remaining, rule }: WatchOptions,
): CanaryResult {
  const paired =
    baseline.points.length === 0 || candidate.points.length === 0
      ? NO_PAIRS
      : pairSeries(baseline, candidate, loadField);
  const metrics = [...paired.metrics].map(([name, values]) => ({
    name,
    ...values,
    load: paired.load,
    remaining: remaining(name),
  }));
  const judgement = judge(metrics, paired.stepMs, rule);
  const [reason] = [...doubts, ...paired.doubts];
  // A restart or a gap makes a good verdict worthless; a failure that was seen stays one.
  const isDoubtful = reason !== undefined && judgement.verdict !== 'fail';
  return {
    judgement: isDoubtful ? { ...judgement, verdict: 'inconclusive', sentence: reason } : judgement,
    baseline,
    candidate,
    stepMs: paired.stepMs,
    paired,
  };
}
