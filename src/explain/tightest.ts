import { ceilingLabel } from '../core/ceiling.ts';
import type { Ceiling } from '../core/model.ts';

/** Of every ceiling, the row in which it was tightest. Most ceilings leave no trace once the process is gone. */
export class Tightest {
  readonly #rows = new Map<string, Ceiling>();

  /** Keeps a row when it is at least as tight as the one before, or when that one had no number. */
  keep(ceiling: Ceiling): void {
    // The heaviest process may be another one at every look: its ceilings are one row all the same.
    const key = ceiling.scope === 'process' ? ceiling.name : ceilingLabel(ceiling);
    const known = this.#rows.get(key);
    const isTighter =
      typeof known?.remaining !== 'number' ||
      (typeof ceiling.remaining === 'number' && ceiling.remaining <= known.remaining);
    if (isTighter) this.#rows.set(key, ceiling);
  }

  /** In the order of the kernel's checks. */
  rows(): Ceiling[] {
    return [...this.#rows.values()].sort((a, b) => a.order - b.order);
  }
}
