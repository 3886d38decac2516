import { type Budget, budgetKey, budgets, type Counted } from '../core/budget.ts';
import type { Ceiling, Scope } from '../core/model.ts';
import type { Settings } from '../policy/settings.ts';

type Lines = Pick<Settings, 'budget'>;

/** What one look at the whole host says. */
export interface HostCount {
  readonly tasks: number;
  readonly lastPid: number;
}

/**
 * At most so many tasks were made between two looks: each takes a number, in order. Where the numbers began anew from the
 * lowest in between, nobody can tell: infinity.
 */
export function createdBetween(first: HostCount, second: HostCount): number {
  return second.lastPid < first.lastPid ? Number.POSITIVE_INFINITY : second.lastPid - first.lastPid;
}

/** Where the ceilings of a target are read. */
export interface CeilingSource {
  /** All ceilings now, in the order of the kernel's checks. */
  readCeilings(): readonly Ceiling[];
  /** The tasks of the whole host, and the PID that was given out last: one short read. */
  host(): HostCount;
}

/** Every ceiling as last read, what the target may hold of each, and what there was before it started. */
export class Headroom {
  #settings: Lines;
  readonly #surroundings: CeilingSource;
  /** Budgets and room at the start, by ceiling. */
  readonly #allowedAtStart = new Map<string, number>();
  readonly #roomAtStart = new Map<string, number>();
  #ceilings: readonly Ceiling[] = [];
  #atStart: readonly Ceiling[] = [];
  #budgets: readonly Budget[] = [];

  constructor(settings: Lines, surroundings: CeilingSource) {
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

  /**
   * The limit that somebody else set (the engine of a container, systemd) and that stands between the target and the last task
   * of the host; `undefined` where there is none. With it the guard has all the time that it needs.
   */
  get surrounding(): Ceiling | undefined {
    const tightest = (scopes: readonly Scope[]): Ceiling | undefined =>
      this.#ceilings
        .filter(({ scope, unit }) => unit === 'tasks' && scopes.includes(scope))
        .toSorted((a, b) => roomOf(a) - roomOf(b))[0];
    const around = tightest(['cgroup', 'user']);
    const host = tightest(['host', 'pid-namespace']);
    return around !== undefined && roomOf(around) < roomOf(host) ? around : undefined;
  }

  /** Before the child starts: every later budget is measured against what is there now. */
  rehearse(): void {
    this.#allowedAtStart.clear();
    this.read({ maps: 0 }, () => ({ before: 0, after: 0 }));
    this.#atStart = this.#ceilings;
    this.#keepAllowed();
    for (const ceiling of this.#ceilings) {
      if (typeof ceiling.additionalThreads === 'number')
        this.#roomAtStart.set(budgetKey(ceiling), ceiling.additionalThreads);
    }
  }

  /** A reload: the budgets are worked out anew from what there was at the start, so that a lower one is in force at once. */
  reload(settings: Lines): void {
    this.#settings = settings;
    this.#allowedAtStart.clear();
    this.#budgets = budgets(this.#atStart, { tasks: { before: 0, after: 0 }, maps: 0 }, settings.budget);
    this.#keepAllowed();
  }

  #keepAllowed(): void {
    for (const budget of this.#budgets) this.#allowedAtStart.set(budgetKey(budget.ceiling), budget.allowed);
  }

  /** `count` is called when the ceilings have been read. */
  read({ maps }: { readonly maps: number }, count: () => Counted): void {
    this.#ceilings = this.#surroundings.readCeilings();
    const last = new Map(this.#budgets.map(({ allowed, ceiling }) => [budgetKey(ceiling), allowed]));
    this.#budgets = budgets(this.#ceilings, { tasks: count(), maps }, this.#settings.budget, {
      atStart: this.#allowedAtStart,
      last,
    });
  }
}

function roomOf(ceiling: Ceiling | undefined): number {
  return typeof ceiling?.remaining === 'number' ? ceiling.remaining : Number.POSITIVE_INFINITY;
}
