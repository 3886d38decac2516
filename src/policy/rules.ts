import { exhaustionMs, type Growth, measureGrowth } from '../core/forecast.ts';
import { type Sample, STEPS, type Step } from '../core/model.ts';
import type { Series } from '../core/ring.ts';
import type { Opinion } from './verdict.ts';

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
  readonly samples: Series<Sample>;
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
  readonly verdict: Opinion;
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
    const held = whatHolds(rule, facts);
    if (held === undefined) continue;
    const was = before.get(rule.name) ?? { sinceMs: facts.nowMs, samples: 0, hasFired: false };
    const state = { ...was, samples: was.samples + 1 };
    const isDue =
      'samples' in rule.lasts ? state.samples >= rule.lasts.samples : facts.nowMs - state.sinceMs >= rule.lasts.ms;
    if (isDue && !was.hasFired) fired.push({ rule, verdict: opinionOf(rule, held, facts) });
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

function opinionOf(rule: Rule, held: Held, { sample }: RuleFacts): Opinion {
  const value = rule.resource === 'tasks' ? sample.tasks : sample.maps;
  return {
    level: reachOf(rule) === undefined ? 'warn' : 'trip',
    cause: 'policy',
    ceiling: rule.name,
    unit: rule.resource,
    ...(value === undefined ? {} : { value }),
    ...held,
  };
}

/** The numbers by which the conditions of a rule hold: for the opinion, and so for the sentence. */
type Held = Pick<Opinion, 'above' | 'perSecond' | 'inMs' | 'line'>;

/** What holds when every condition of the rule does; `undefined` when one does not. */
function whatHolds(rule: Rule, { lines, sample, samples }: RuleFacts): Held | undefined {
  const { resource } = rule;
  const value = resource === 'tasks' ? sample.tasks : sample.maps;
  if (value === undefined) return undefined;
  const line = lines[resource];
  const above = rule.above === undefined ? {} : whatIsAbove(rule.above, value, line);
  if (above === undefined) return undefined;
  if (rule.exhaustsWithinMs === undefined && rule.growsPerSecond === undefined) return above;
  const growth = measureGrowth(samples, (one) => (resource === 'tasks' ? one.tasks : (one.maps ?? 0)));
  const perSecond = Math.min(growth.shortPerSecond, growth.longPerSecond);
  if (rule.growsPerSecond !== undefined && perSecond < rule.growsPerSecond) return undefined;
  const growing = rule.growsPerSecond === undefined ? {} : { perSecond };
  if (rule.exhaustsWithinMs === undefined) return { ...above, ...growing };
  const inMs = forecast(value, line, growth);
  if (inMs === undefined || line === undefined || inMs > rule.exhaustsWithinMs) return undefined;
  return { ...above, ...growing, inMs, line };
}

function whatIsAbove(above: NonNullable<Rule['above']>, value: number, line: number | undefined): Held | undefined {
  if (typeof above === 'number') return value > above ? { above } : undefined;
  if (line === undefined || value <= above.share * line) return undefined;
  return { above: { share: above.share, of: line } };
}

/** A trend alone is never a reason: what was gained must be more than a pool that fills. */
function forecast(value: number, line: number | undefined, growth: Growth): number | undefined {
  if (line === undefined || growth.gained < Math.max(REAL_GAIN, line * 0.02)) return undefined;
  return exhaustionMs(Math.max(0, line - value), growth);
}
