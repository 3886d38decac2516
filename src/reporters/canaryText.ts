import type { Judgement, MetricVerdict } from '../core/growth/judge.ts';
import { escapeText, formatCount } from '../core/units.ts';
import type { CanaryDocument } from '../schemas/canarySchema.ts';

interface CanaryFacts {
  readonly judgement: Judgement;
  readonly baseline: { readonly label: string };
  readonly candidate: { readonly label: string };
  readonly stepMs: number;
}

/** The document of `canary --json`. JSON has no infinity: an end that does not come is null. */
export function canaryDocument({ baseline, candidate, judgement, stepMs }: CanaryFacts): CanaryDocument {
  const finite = (value: number | undefined): number | null =>
    value !== undefined && Number.isFinite(value) ? value : null;
  return {
    schema: 'threadguard.canary/1',
    verdict: judgement.verdict,
    score: judgement.score,
    samples: judgement.samples,
    stepMs,
    baseline: baseline.label,
    candidate: candidate.label,
    sentence: judgement.sentence,
    metrics: judgement.metrics.map(({ baseline: b, candidate: c, ...metric }) => ({
      ...metric,
      level: metric.level ?? null,
      extra: metric.extra ?? null,
      baselineShape: b?.shape ?? null,
      candidateShape: c?.shape ?? null,
      perSecond: c?.perSecond ?? null,
      exhausts: c !== undefined && Number.isFinite(c.exhaustionMs),
      exhaustionSeconds: c === undefined ? null : finite(c.exhaustionMs / 1000),
    })),
  };
}

/** A verdict for people: the sentence first, then what was compared. */
export function canaryText({ baseline, candidate, judgement }: CanaryFacts): string {
  const lines = [
    `${judgement.verdict} (${judgement.score} of 100, ${formatCount(judgement.samples)} samples): ${judgement.sentence}`,
    `  baseline ${escapeText(baseline.label)}, candidate ${escapeText(candidate.label)}`,
    ...judgement.metrics.map(
      (metric) => `  ${NAMES[metric.name] ?? metric.name}: ${metric.verdict}, ${metric.sentence}${shapes(metric)}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

const NAMES: Readonly<Record<string, string>> = {
  tasks: 'tasks',
  processes: 'processes',
  maps: 'maps',
  memoryBytes: 'memory',
};

function shapes({ baseline, candidate }: MetricVerdict): string {
  return baseline === undefined || candidate === undefined ? '' : ` [${baseline.shape} → ${candidate.shape}]`;
}
