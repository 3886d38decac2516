import { LEAST_POINTS } from '../core/growth/classify.ts';
import { type Judgement, type JudgeRule, judge } from '../core/growth/judge.ts';
import { type LoopClock, pacedLoop } from '../core/pacedLoop.ts';
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

/** How a canary is watched and judged. */
export interface WatchPlan {
  readonly forMs: number;
  readonly everyMs: number;
  readonly rule: JudgeRule;
  /** What load is taken out; `undefined` for none. */
  readonly loadField: string | undefined;
}

/** What is outside of the watch. */
export interface WatchWorld {
  readonly clock: LoopClock;
  /** Ends the watch before its time. */
  readonly stop?: AbortSignal | undefined;
  /** How much of each metric the candidate may still take. */
  remaining(name: MetricName): number | undefined;
  /** Called after each sample. */
  onSample(samples: number, elapsedMs: number): void;
  /** Called with each verdict on the way. */
  onJudgement(judgement: Judgement): void;
}

/** A failure is certain when it was found this often in a row. */
const CERTAIN = 3;
/** It is judged again after this many samples, and not stopped early before there are `JUDGE_FROM`. */
const JUDGE_EVERY = 10;
const JUDGE_FROM = 60;

/**
 * Samples what is live, side by side, until the time is over or the candidate has certainly failed. `undefined` when it
 * was stopped. Two recordings are judged at once.
 */
export async function watchCanary(
  baseline: Source,
  candidate: Source,
  plan: WatchPlan,
  world: WatchWorld,
): Promise<CanaryResult | undefined> {
  const points = { baseline: pointsOf(baseline), candidate: pointsOf(candidate) };
  const resultOf = (doubts: readonly string[]): CanaryResult =>
    judgePaired(points.baseline.series(), points.candidate.series(), doubts, plan, world);
  if (baseline.kind === 'file' && candidate.kind === 'file') return resultOf([]);
  const doubts: string[] = [];
  let failures = 0;
  const { end } = await pacedLoop(
    plan,
    world.clock,
    async ({ elapsedMs, index }) => {
      doubts.push(...(await points.baseline.take(elapsedMs)), ...(await points.candidate.take(elapsedMs)));
      const samples = index + 1;
      world.onSample(samples, elapsedMs);
      if (doubts.length > 0) return false;
      if (samples < LEAST_POINTS || samples % JUDGE_EVERY !== 0) return true;
      const { judgement } = resultOf([]);
      world.onJudgement(judgement);
      const isCertain =
        samples >= JUDGE_FROM && judgement.metrics.some((one) => one.isCritical && one.verdict === 'fail');
      failures = isCertain ? failures + 1 : 0;
      return failures < CERTAIN;
    },
    world.stop,
  );
  return end === 'stopped' ? undefined : resultOf(doubts);
}

interface Points {
  /** Takes a sample of what is live. A sentence when there was none to take. */
  take(elapsedMs: number): Promise<readonly string[]>;
  series(): Series;
}

function pointsOf(source: Source): Points {
  if (source.kind === 'file') return { take: async () => [], series: () => source.series };
  const points: SeriesPoint[] = [];
  return {
    take: async (elapsedMs) => {
      const point = await source.sample();
      if (point === undefined)
        return [`${source.label} ended or was restarted after ${Math.round(elapsedMs / 1000)} s`];
      points.push({ timeMs: Math.round(elapsedMs), ...point });
      return [];
    },
    series: () => ({ label: source.label, points }),
  };
}

const NO_PAIRS: Paired = { stepMs: 1, metrics: new Map(), load: undefined, doubts: [] };

function judgePaired(
  baseline: Series,
  candidate: Series,
  doubts: readonly string[],
  { loadField, rule }: WatchPlan,
  { remaining }: WatchWorld,
): CanaryResult {
  const isEmpty = baseline.points.length === 0 || candidate.points.length === 0;
  const paired = isEmpty ? NO_PAIRS : pairSeries(baseline, candidate, loadField);
  const metrics = [...paired.metrics].map(([name, values]) => ({
    name,
    ...values,
    load: paired.load,
    remaining: remaining(name),
  }));
  const judgement = judge(metrics, paired.stepMs, rule);
  const [reason] = [...doubts, ...paired.doubts];
  // A restart or a gap makes a good verdict worthless. A failure that was seen stays one.
  const isDoubtful = reason !== undefined && judgement.verdict !== 'fail';
  return {
    judgement: isDoubtful ? { ...judgement, verdict: 'inconclusive', sentence: reason } : judgement,
    baseline,
    candidate,
    stepMs: paired.stepMs,
    paired,
  };
}
