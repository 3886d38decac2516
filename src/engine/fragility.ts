import { reaches } from '../core/model.ts';
import type { Effect } from '../policy/escalation.ts';
import type { Settings } from '../policy/settings.ts';
import type { Reporter } from '../reporters/event.ts';

/** From this share of the line on it is asked whether a refused thread would end the target. */
const ASKED_FROM = 0.5;
/** Such a target is stopped before the kernel refuses it one. */
const TRIP_SHARE = 0.9;

interface FragilityParts {
  readonly diesOfRefusal: () => boolean;
  readonly settings: Settings;
  readonly report: Reporter;
  readonly cap: () => number | 'max';
}

/** A target that dies of the first thread that it is refused (Go): evidence must come before the cap. */
export class Fragility {
  readonly #parts: FragilityParts;
  /** Known once the target is big enough to ask. */
  #isFragile: boolean | undefined;
  #isDumped = false;

  constructor(parts: FragilityParts) {
    this.#parts = parts;
  }

  /** The share of its line at which it trips. */
  tripShare(tasks: number, line: number | undefined, usual: number): number {
    if (tasks >= ASKED_FROM * (line ?? Number.POSITIVE_INFINITY)) this.#isFragile ??= this.#parts.diesOfRefusal();
    return this.#isFragile === true ? Math.min(TRIP_SHARE, usual) : usual;
  }

  /** A clamp would end it, with all that could be seen of it: evidence takes its place, the cap stays. */
  inOrder(effects: readonly Effect[]): readonly Effect[] {
    if (this.#isFragile !== true) return effects;
    if (!effects.includes('clamp')) return effects.filter((effect) => effect !== 'dump' || !this.#isDumped);
    this.#isDumped = reaches(this.#parts.settings.until, 'dump');
    const cap = this.#parts.cap();
    this.#parts.report({
      event: 'warn',
      message: `not clamped: a Go program ends at the first thread that it is refused; the cap stays at ${cap}`,
      fields: { cap },
    });
    return effects.flatMap((effect) => (effect !== 'clamp' ? [effect] : this.#isDumped ? ['dump'] : []));
  }
}
