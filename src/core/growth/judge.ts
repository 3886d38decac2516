import { formatCount, formatDuration, formatShare } from '../units.ts';
import { classifyGrowth, type GrowthClass, LEAST_POINTS } from './classify.ts';
import { difference, type Estimate, extraRise, levelRatio, loadEffect, underLoad } from './compare.ts';
import { median } from './series.ts';

export type CanaryVerdict = 'pass' | 'marginal' | 'fail' | 'inconclusive';

/** One thing that is counted, for both services at the same moments, at equal distances. */
export interface PairedMetric {
  readonly name: string;
  readonly baseline: readonly number[];
  readonly candidate: readonly number[];
  /** What each had to do at that time, in the same unit. What it explains is taken out of both. */
  readonly load?: { readonly baseline: readonly number[]; readonly candidate: readonly number[] } | undefined;
  /** How much the candidate may still take before a ceiling stops it; `undefined` where nothing is known. */
  readonly remaining?: number | undefined;
}

/** By what it is judged. */
export interface JudgeRule {
  /** How much higher a level may be; 0.25 is a quarter. */
  readonly tolerance: number;
  /** A predicted end nearer than this is a failure, unless the baseline has it too. */
  readonly horizonMs: number;
  /** The lowest scores that pass, and that are marginal. */
  readonly pass: number;
  readonly marginal: number;
}

export const DEFAULT_RULE: JudgeRule = { tolerance: 0.25, horizonMs: 3_600_000, pass: 90, marginal: 75 };

/** The verdict about one thing that is counted. */
export interface MetricVerdict {
  readonly name: string;
  readonly verdict: CanaryVerdict;
  /** Whether this decides alone: a leak, or a predicted end. */
  readonly isCritical: boolean;
  readonly baseline: GrowthClass | undefined;
  readonly candidate: GrowthClass | undefined;
  readonly level: Estimate | undefined;
  readonly extra: Estimate | undefined;
  readonly sentence: string;
}

/** The verdict about all of them. */
export interface Judgement {
  readonly verdict: CanaryVerdict;
  /** 0 to 100; 0 when something critical failed. */
  readonly score: number;
  readonly samples: number;
  readonly metrics: readonly MetricVerdict[];
  readonly sentence: string;
}

/** A leak must add at least three, and at least this share of the level. */
const LEAST_EXTRA = 3;
const LEAST_EXTRA_SHARE = 0.08;
/** The beginning is left out, because caches and pools fill. */
const WARM_UP_SHARE = 0.25;
/** From half of the tolerance on a level is marginal. */
const MARGINAL_SHARE = 0.5;

/** Whether the candidate is worse than the baseline, and in what. Pure: the same series give the same verdict. */
export function judge(metrics: readonly PairedMetric[], stepMs: number, rule: JudgeRule = DEFAULT_RULE): Judgement {
  const lengths = metrics.map(({ baseline, candidate }) => Math.min(baseline.length, candidate.length));
  const samples = lengths.length === 0 ? 0 : Math.min(...lengths);
  const verdicts = metrics.map((metric) => judgeMetric(metric, stepMs, rule));
  const known = verdicts.filter(({ verdict }) => verdict !== 'inconclusive');
  const failed = known.find(({ isCritical, verdict }) => isCritical && verdict === 'fail');
  const points = known.reduce(
    (sum, { verdict }) => sum + (verdict === 'pass' ? 1 : verdict === 'marginal' ? 0.5 : 0),
    0,
  );
  const score = failed !== undefined || known.length === 0 ? 0 : Math.round((100 * points) / known.length);
  const verdict = verdictOf(verdicts, failed, score, rule);
  const worst = failed ?? verdicts.find((one) => one.verdict === verdict) ?? verdicts[0];
  return {
    verdict,
    score,
    samples,
    metrics: verdicts,
    sentence: worst === undefined ? 'nothing was compared' : `${worst.name}: ${worst.sentence}`,
  };
}

function verdictOf(
  verdicts: readonly MetricVerdict[],
  failed: MetricVerdict | undefined,
  score: number,
  rule: JudgeRule,
): CanaryVerdict {
  if (failed !== undefined) return 'fail';
  if (verdicts.length === 0 || verdicts.some(({ verdict }) => verdict === 'inconclusive')) return 'inconclusive';
  return score >= rule.pass ? 'pass' : score >= rule.marginal ? 'marginal' : 'fail';
}

function judgeMetric(metric: PairedMetric, stepMs: number, rule: JudgeRule): MetricVerdict {
  const { baseline, candidate, name, remaining } = withoutLoad(metric);
  const n = Math.min(baseline.length, candidate.length);
  const nothing = {
    name,
    isCritical: false,
    baseline: undefined,
    candidate: undefined,
    level: undefined,
    extra: undefined,
  };
  if (n < LEAST_POINTS) {
    return { ...nothing, verdict: 'inconclusive', sentence: `only ${n} paired samples, ${LEAST_POINTS} are needed` };
  }
  const cut = Math.min(Math.floor(n * WARM_UP_SHARE), n - LEAST_POINTS + Math.floor(LEAST_POINTS * WARM_UP_SHARE));
  const [b, c] = [baseline.slice(cut, n), candidate.slice(cut, n)];
  const classes = {
    baseline: classifyGrowth(baseline.slice(0, n), stepMs),
    candidate: classifyGrowth(candidate.slice(0, n), stepMs, remaining),
  };
  const extra = extraRise(b, c);
  const level = levelRatio(b, c);
  const facts = { ...nothing, ...classes, extra, level };
  const own = median(c);
  const isMore = extra.low > 0 && extra.value * own >= Math.max(LEAST_EXTRA, LEAST_EXTRA_SHARE * own);
  // Two pools that fill, one a little later than the other, differ for a while. Only a difference that goes on growing is
  // a leak.
  const isLeak = isMore && (classifyGrowth(difference(b, c), stepMs)?.isGrowing ?? false);
  const inMs = classes.candidate?.exhaustionMs ?? Number.POSITIVE_INFINITY;
  if (isLeak) {
    const end = Number.isFinite(inMs) ? `; nothing is left in ${formatDuration(inMs)}` : '';
    const text = `grew by ${formatShare(extra.value)} more than the baseline over the window (at least ${formatShare(extra.low)})${end}`;
    return { ...facts, verdict: 'fail', isCritical: true, sentence: text };
  }
  // What both do is not the candidate's fault, but nothing can be learnt from it either.
  if (classes.baseline?.isGrowing === true && classes.candidate?.isGrowing === true) {
    return {
      ...facts,
      verdict: 'inconclusive',
      sentence: `the baseline itself grows: it ${classes.baseline.sentence}`,
    };
  }
  if (classes.candidate?.isGrowing === true && inMs <= rule.horizonMs && extra.value > 0) {
    return { ...facts, verdict: 'fail', isCritical: true, sentence: `${classes.candidate.sentence}` };
  }
  const least = LEAST_EXTRA / Math.max(1, median(b));
  const sentence = `${formatCount(own)} against ${formatCount(median(b))}: ${level.value >= 1 ? '+' : ''}${formatShare(level.value - 1)}, ${classes.candidate?.sentence ?? ''}`;
  if (level.low - 1 > Math.max(rule.tolerance, least)) return { ...facts, verdict: 'fail', sentence };
  if (level.low - 1 > Math.max(rule.tolerance * MARGINAL_SHARE, least))
    return { ...facts, verdict: 'marginal', sentence };
  return { ...facts, verdict: 'pass', sentence };
}

function withoutLoad(metric: PairedMetric): PairedMetric {
  const { baseline, candidate, load } = metric;
  if (load === undefined) return metric;
  const effect = loadEffect(baseline, load.baseline);
  const reference = median(load.baseline);
  return {
    ...metric,
    baseline: underLoad(baseline, load.baseline, effect, reference),
    candidate: underLoad(candidate, load.candidate, effect, reference),
  };
}
