import type { Surroundings } from '../ceilings/surroundings.ts';
import { type Budget, budgetKey, budgets, tightestTaskBudget } from '../core/budget.ts';
import type { Ceiling } from '../core/model.ts';
import type { Settings } from '../policy/settings.ts';

/** Every ceiling as last read, what the target may hold of each, and what there was before it started. */
export class Headroom {
  readonly #settings: Settings;
  readonly #surroundings: Pick<Surroundings, 'readCeilings'>;
  /** Budgets and room at the start, by ceiling. */
  readonly #allowedAtStart = new Map<string, number>();
  readonly #roomAtStart = new Map<string, number>();
  #ceilings: readonly Ceiling[] = [];
  #atStart: readonly Ceiling[] = [];
  #budgets: readonly Budget[] = [];

  constructor(settings: Settings, surroundings: Pick<Surroundings, 'readCeilings'>) {
    this.#settings = settings;
    this.#surroundings = surroundings;
  }

  get ceilings(): readonly Ceiling[] {
    return this.#ceilings;
  }

  /** As they were before the target started. */
  get ceilingsAtStart(): readonly Ceiling[] {
    return this.#atStart;
  }

  get budgets(): readonly Budget[] {
    return this.#budgets;
  }

  /** Additional threads that each ceiling allowed before the target started. */
  get roomAtStart(): ReadonlyMap<string, number> {
    return this.#roomAtStart;
  }

  /** The number of tasks at which the target trips, or `undefined` when nothing sets one. */
  get line(): number | undefined {
    const allowed = tightestTaskBudget(this.#budgets)?.allowed ?? Number.POSITIVE_INFINITY;
    const line = Math.min(allowed, this.#settings.maxTasks ?? Number.POSITIVE_INFINITY);
    return Number.isFinite(line) ? line : undefined;
  }

  /** Before the child starts: what it finds is what every later budget is measured against. */
  rehearse(): void {
    this.read(0, 0);
    this.#atStart = this.#ceilings;
    for (const budget of this.#budgets) this.#allowedAtStart.set(budgetKey(budget.ceiling), budget.allowed);
    for (const ceiling of this.#ceilings) {
      if (typeof ceiling.additionalThreads === 'number')
        this.#roomAtStart.set(budgetKey(ceiling), ceiling.additionalThreads);
    }
  }

  read(tasks: number, maps: number): void {
    this.#ceilings = this.#surroundings.readCeilings();
    this.#budgets = budgets(this.#ceilings, { tasks, maps }, this.#settings.budget, this.#allowedAtStart);
  }
}
