import type { CanaryVerdict } from '../core/growth/judge.ts';
import { GuardError } from '../errors.ts';
import type { CanaryJudging, CanaryOptions } from './canaryOptions.ts';
import type { CanaryPlan } from './runCanary.ts';

/** Outside of what shells and sysexits.h use, so that a rollout tool can tell them apart. */
const EXITS: Readonly<Record<CanaryVerdict, number>> = { pass: 0, fail: 91, marginal: 92, inconclusive: 93 };

/** Turns options into a plan. Throws a GuardError (125) for options that contradict each other. Pure. */
export function planCanary({ judging, output, subjects }: CanaryOptions, command: readonly string[]): CanaryPlan {
  const { baseline, candidate, everyMs, forMs, loadMetric } = subjects;
  const isStarted = command.length > 0;
  if (baseline === undefined || (candidate === undefined) !== isStarted) {
    throw new GuardError('no-subject', 'a canary needs a --baseline, and a --candidate or a command after --', {
      hint: 'threadguard canary --baseline unit:old.service --candidate unit:new.service',
    });
  }
  const { horizonMs, marginal, pass, tolerance } = judging;
  if (marginal > pass || pass > 100) {
    throw new GuardError('bad-score', `--marginal ${marginal} and --pass ${pass} are no scores in this order`, {
      hint: 'scores are from 0 to 100, and --marginal must not be above --pass',
    });
  }
  return {
    baseline,
    candidate: candidate === undefined ? { command } : { selector: candidate },
    watch: { forMs, everyMs, loadField: loadMetric, rule: { tolerance, horizonMs, pass, marginal } },
    mayWaitOnce: judging.onInconclusive === 'wait',
    serve: output.serve === undefined ? undefined : { address: output.serve, name: output.name },
  };
}

/** The exit status of a verdict: `--on-marginal` and `--on-inconclusive` are for tools that know yes and no only. */
export function exitOf(verdict: CanaryVerdict, { onInconclusive, onMarginal }: CanaryJudging): number {
  const asked = verdict === 'marginal' ? onMarginal : verdict === 'inconclusive' ? onInconclusive : verdict;
  return EXITS[asked === 'wait' ? 'inconclusive' : asked];
}
