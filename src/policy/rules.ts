import { exhaustionMs, type Growth, measureGrowth } from '../core/forecast.ts';
import { type Sample, STEPS, type Step } from '../core/model.ts';
import { formatCount, formatDuration, formatShare } from '../core/units.ts';
import type { Verdict } from './verdict.ts';

export const RULE_RESOURCES = ['tasks', 'maps'] as const;

/** One entry of `policies:`. All of its conditions must hold at once, for as long as it says. */
export interface Rule {
  /** `policies[0]`, or the name it was given. */
  readonly name: string;
  readonly resource: (typeof RULE_RESOURCES)[number];
  /** A count, or a share of the line at which the target trips anyway. */
  readonly above: number | { readonly share: number } | undefined;
  readonly exhaustsWithinMs: number | undefined;
  readonly growsPerSecond: number | undefined;
  readonly lasts: { readonly samples: number } | { readonly ms: number };
  readonly steps: readonly Step[];
}

/** What one look knows of the target. */
export interface RuleFacts {
  readonly nowMs: number;
  readonly sample: Sample;
  readonly samples: readonly Sample[];
  /** At how many of each it trips by its budgets; `undefined` where nothing sets a line. */
  readonly lines: { readonly tasks: number | undefined; readonly maps: number | undefined };
}

/** How long the conditions of a rule hold. */
export interface RuleState {
  readonly sinceMs: number;
  readonly samples: number;
  /** It has fired and fires again only after it did not hold. */
  readonly hasFired: boolean;
}

export interface Fired {
  readonly rule: Rule;
  readonly verdict: Verdict;
}

/** Growth is believed from so many more on: a handful of threads says nothing about minutes ahead. */
const REAL_GAIN = 16;

/**
 * Which rules fire at this look, and what is known of all of them afterwards. Pure. A rule fires once, when its conditions
 * have held for long enough, and again only after they did not hold.
 */
export function lookAtRules(
  rules: readonly Rule[],
  before: ReadonlyMap<string, RuleState>,
  facts: RuleFacts,
): { readonly states: ReadonlyMap<string, RuleState>; readonly fired: readonly Fired[] } {
  const states = new Map<string, RuleState>();
  const fired: Fired[] = [];
  for (const rule of rules) {
    const reason = whyItHolds(rule, facts);
    if (reason === undefined) continue;
    const was = before.get(rule.name) ?? { sinceMs: facts.nowMs, samples: 0, hasFired: false };
    const state = { ...was, samples: was.samples + 1 };
    const isDue =
      'samples' in rule.lasts ? state.samples >= rule.lasts.samples : facts.nowMs - state.sinceMs >= rule.lasts.ms;
    if (isDue && !was.hasFired) fired.push({ rule, verdict: verdictOf(rule, reason, facts) });
    states.set(rule.name, { ...state, hasFired: was.hasFired || isDue });
  }
  return { states, fired };
}

/** How far a rule goes: its last step, and whether it kills without a SIGTERM. `undefined` for one that only looks. */
export function reachOf(rule: Rule): { readonly until: Step; readonly isAbrupt: boolean } | undefined {
  const { steps } = rule;
  if (!steps.some((step) => step !== 'warn' && step !== 'dump')) return undefined;
  const until = STEPS.findLast((step) => steps.includes(step)) as Step;
  return { until, isAbrupt: until === 'kill' && !steps.includes('terminate') };
}

function verdictOf(rule: Rule, reason: string, { sample }: RuleFacts): Verdict {
  const value = rule.resource === 'tasks' ? sample.tasks : sample.maps;
  return {
    level: reachOf(rule) === undefined ? 'warn' : 'trip',
    cause: 'policy',
    ceiling: rule.name,
    ...(value === undefined ? {} : { value }),
    reason: `${reason} (${rule.name})`,
  };
}

/** A sentence when every condition holds. */
function whyItHolds(rule: Rule, { lines, sample, samples }: RuleFacts): string | undefined {
  const { resource } = rule;
  const value = resource === 'tasks' ? sample.tasks : sample.maps;
  if (value === undefined) return undefined;
  const line = lines[resource];
  const parts: string[] = [];
  if (rule.above !== undefined) {
    const above =
      typeof rule.above === 'number' ? rule.above : line === undefined ? undefined : rule.above.share * line;
    if (above === undefined || value <= above) return undefined;
    const limit =
      typeof rule.above === 'number'
        ? formatCount(above)
        : `${formatShare(rule.above.share)} of ${formatCount(line ?? 0)}`;
    parts.push(`above ${limit}`);
  }
  if (rule.exhaustsWithinMs === undefined && rule.growsPerSecond === undefined) {
    return `${formatCount(value)} ${resource}, ${parts.join(', ')}`;
  }
  const growth = measureGrowth(samples, (one) => (resource === 'tasks' ? one.tasks : (one.maps ?? 0)));
  const perSecond = Math.min(growth.shortPerSecond, growth.longPerSecond);
  if (rule.growsPerSecond !== undefined) {
    if (perSecond < rule.growsPerSecond) return undefined;
    parts.push(`growing by ${formatCount(perSecond)}/s`);
  }
  if (rule.exhaustsWithinMs !== undefined) {
    const inMs = forecast(value, line, growth);
    if (inMs === undefined || inMs > rule.exhaustsWithinMs) return undefined;
    parts.push(`${formatCount(line ?? 0)} reached in ${formatDuration(inMs)}`);
  }
  return `${formatCount(value)} ${resource}, ${parts.join(', ')}`;
}

/** A trend alone is never a reason: what was gained must be more than a pool that fills. */
function forecast(value: number, line: number | undefined, growth: Growth): number | undefined {
  if (line === undefined || growth.gained < Math.max(REAL_GAIN, line * 0.02)) return undefined;
  return exhaustionMs(Math.max(0, line - value), growth);
}
