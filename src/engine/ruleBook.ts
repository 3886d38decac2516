import { STEPS, type Step } from '../core/model.ts';
import type { Effect, Stage } from '../policy/escalation.ts';
import { type Fired, lookAtRules, type RuleFacts, type RuleState, reachOf } from '../policy/rules.ts';
import type { Settings } from '../policy/settings.ts';
import type { Verdict } from '../policy/verdict.ts';

/** What a rule asks for beside the ladder: it looks, it does not hold or end anybody. */
interface Extra {
  readonly effect: Extract<Effect, 'warn' | 'dump'>;
  readonly because: Verdict;
}

/** The operator's own rules: when they fire, and how far the ladder may go for one of them. */
export class RuleBook {
  readonly #settings: Settings;
  #states: ReadonlyMap<string, RuleState> = new Map();
  /** What a rule that tripped asked for; `undefined` while the guard's own lines decide. */
  #asked: Pick<Settings, 'until' | 'graceMs' | 'patienceMs'> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** The settings for the ladder now: those of a rule that tripped go no further than it says. */
  get settings(): Settings {
    return this.#asked === undefined ? this.#settings : { ...this.#settings, ...this.#asked };
  }

  /** The verdict of a look with the rules in it. The guard's own lines always hold: a trip of theirs comes first. */
  look(
    own: Verdict,
    stage: Stage['at'],
    facts: RuleFacts,
  ): { readonly verdict: Verdict; readonly extra: readonly Extra[] } {
    const isFree = stage === 'calm' || stage === 'warned';
    if (own.level === 'trip' && isFree) this.#asked = undefined;
    const { rules } = this.#settings;
    if (rules.length === 0) return { verdict: own, extra: [] };
    const { fired, states } = lookAtRules(rules, this.#states, facts);
    this.#states = states;
    const extra = fired.flatMap(extrasOf);
    const tripping = fired.find(({ verdict }) => verdict.level === 'trip');
    if (tripping === undefined || own.level === 'trip' || !isFree) return { verdict: own, extra };
    const reach = reachOf(tripping.rule) as NonNullable<ReturnType<typeof reachOf>>;
    this.#asked = {
      until: milder(reach.until, this.#settings.until),
      graceMs: reach.isAbrupt ? 0 : this.#settings.graceMs,
      // What it says is what is wanted: it was given its time by `for`.
      patienceMs: 0,
    };
    return { verdict: tripping.verdict, extra };
  }
}

/** One that holds or ends the target says so itself, and takes its evidence on the way. */
function extrasOf({ rule, verdict }: Fired): Extra[] {
  if (verdict.level === 'trip') return [];
  const effects: Extra['effect'][] = rule.steps.includes('dump') ? ['warn', 'dump'] : ['warn'];
  return effects.map((effect) => ({ effect, because: verdict }));
}

function milder(a: Step, b: Step): Step {
  return STEPS.indexOf(a) < STEPS.indexOf(b) ? a : b;
}
