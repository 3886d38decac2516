import { STEPS, type Step } from '../core/model.ts';
import type { Effect, Reach } from '../policy/escalation.ts';
import { type Fired, lookAtRules, type Rule, type RuleFacts, type RuleState, reachOf } from '../policy/rules.ts';
import type { Settings } from '../policy/settings.ts';
import type { Opinion, Verdict } from '../policy/verdict.ts';

/** What a rule asks for beside the ladder: it looks, it does not hold or end anybody. */
interface Extra {
  readonly effect: Extract<Effect, 'warn' | 'dump'>;
  readonly because: Opinion;
}

/** The verdict of one look with the rules in it, and how far a trip of it may go. */
interface Decided {
  readonly verdict: Verdict;
  readonly reach: Reach;
  readonly extra: readonly Extra[];
}

type Own = Pick<Settings, 'rules' | 'until' | 'graceMs' | 'patienceMs'>;

/** The rules of the operator: when they fire, and how far the ladder may go for one of them. */
export class RuleBook {
  #settings: Own;
  #states: ReadonlyMap<string, RuleState> = new Map();

  constructor(settings: Own) {
    this.#settings = settings;
  }

  /** A rule that is the same as before goes on as it was; one that has changed begins anew. */
  reload(settings: Own): void {
    const same = new Set(settings.rules.filter((rule) => this.#settings.rules.some((old) => isSame(old, rule))));
    this.#states = new Map([...this.#states].filter(([name]) => [...same].some((rule) => rule.name === name)));
    this.#settings = settings;
  }

  /** How far the lines of the guard itself go. */
  get reach(): Reach {
    const { graceMs, patienceMs, until } = this.#settings;
    return { until, graceMs, patienceMs };
  }

  /** The lines of the guard always hold: a trip of theirs comes before one of a rule. */
  look(own: Verdict, facts: RuleFacts): Decided {
    const { rules } = this.#settings;
    const { reach } = this;
    if (rules.length === 0) return { verdict: own, reach, extra: [] };
    const { fired, states } = lookAtRules(rules, this.#states, facts);
    this.#states = states;
    const extra = fired.flatMap(extrasOf);
    // Of several at once the one that goes furthest: the others have fired, and would not fire again.
    const tripping = fired
      .filter(({ verdict }) => verdict.level === 'trip')
      .toSorted((a, b) => stepOf(this.#reachOf(b.rule)) - stepOf(this.#reachOf(a.rule)))[0];
    if (tripping === undefined || own.level === 'trip') return { verdict: own, reach, extra };
    return { verdict: tripping.verdict, reach: this.#reachOf(tripping.rule), extra };
  }

  #reachOf(rule: Rule): Reach {
    const asked = reachOf(rule);
    if (asked === undefined) return this.reach;
    return {
      until: milder(asked.until, this.#settings.until),
      graceMs: asked.isAbrupt ? 0 : this.#settings.graceMs,
      // What it says is what is wanted: it was given its time by `for`.
      patienceMs: 0,
    };
  }
}

/** One that holds or ends the target says so itself, and takes its evidence on the way. */
function extrasOf({ rule, verdict }: Fired): Extra[] {
  if (verdict.level === 'trip') return [];
  const effects: Extra['effect'][] = rule.steps.includes('dump') ? ['warn', 'dump'] : ['warn'];
  return effects.map((effect) => ({ effect, because: verdict }));
}

function isSame(a: Rule, b: Rule): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function stepOf({ until }: Reach): number {
  return STEPS.indexOf(until);
}

function milder(a: Step, b: Step): Step {
  return STEPS.indexOf(a) < STEPS.indexOf(b) ? a : b;
}
