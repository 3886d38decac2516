import { Gauge, Registry } from 'prom-client';
import type { CanaryVerdict, Judgement } from '../core/growth/judge.ts';

const VERDICTS: readonly CanaryVerdict[] = ['pass', 'marginal', 'fail', 'inconclusive'];

/**
 * The verdict so far for Prometheus. The verdicts are a state set: exactly one is 1. The score is never NaN, which
 * rollout engines take for a failure.
 */
export function verdictMetrics(canary: string, judgement: Judgement | undefined): Promise<string> {
  const registry = new Registry();
  const verdict = new Gauge({
    name: 'threadguard_canary_verdict',
    help: 'The verdict so far: 1 for the one that holds.',
    labelNames: ['canary', 'verdict'],
    registers: [registry],
  });
  const score = new Gauge({
    name: 'threadguard_canary_score',
    help: 'The score so far, from 0 to 100.',
    labelNames: ['canary'],
    registers: [registry],
  });
  for (const one of VERDICTS)
    verdict.set({ canary, verdict: one }, one === (judgement?.verdict ?? 'inconclusive') ? 1 : 0);
  score.set({ canary }, judgement?.score ?? 0);
  return registry.metrics();
}
