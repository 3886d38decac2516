import { allowanceTasks, leashTasks } from '../core/leash.ts';
import { reaches } from '../core/model.ts';
import { MIN_INTERVAL_MS } from '../policy/cadence.ts';
import type { Settings } from '../policy/settings.ts';
import type { Holder } from '../targets/holder.ts';
import type { Witness } from './witness.ts';

/** Keeps the kernel's cap a burst above the target, and never above its line. */
export class LeashKeeper {
  readonly #settings: Settings;
  readonly #holder: Holder;
  readonly #witness: Pick<Witness, 'fastestPerSecond' | 'latenessMs' | 'isResting'>;
  #cap: number | 'max' = 'max';

  constructor(
    settings: Settings,
    holder: Holder,
    witness: Pick<Witness, 'fastestPerSecond' | 'latenessMs' | 'isResting'>,
  ) {
    this.#settings = settings;
    this.#holder = holder;
    this.#witness = witness;
  }

  /** The cap in force; `max` where the guard sets none. */
  get cap(): number | 'max' {
    return this.#cap;
  }

  /** Works out the cap that the child will be born under, without setting it. `line` is where the target trips. */
  rehearse(line: number | undefined): number | 'max' {
    this.#cap = this.#next(0, line);
    return this.#cap;
  }

  follow(tasks: number, line: number | undefined): void {
    if (!this.#holder.isHeld) return;
    const cap = this.#next(tasks, line);
    if (cap === this.#cap) return;
    this.#cap = cap;
    this.#holder.setCap(cap);
  }

  /** Growth stops at `tasks`, or at the cap when that is lower. Returns where; `undefined` when the kernel refused. */
  clamp(tasks: number): number | undefined {
    const at = this.#holder.isHeld && typeof this.#cap === 'number' ? Math.min(tasks, this.#cap) : tasks;
    if (!this.#holder.clamp(at)) return undefined;
    this.#cap = at;
    return at;
  }

  release(tasks: number, line: number | undefined): void {
    this.#cap = this.#next(tasks, line);
    this.#holder.release(this.#cap);
  }

  #next(tasks: number, line: number | undefined): number | 'max' {
    const { dryRun, leash, until } = this.#settings;
    if (line === undefined || dryRun || !reaches(until, 'clamp')) return 'max';
    const allowance = allowanceTasks({
      budget: line,
      fastestPerSecond: Math.min(this.#witness.fastestPerSecond, line),
      intervalMs: MIN_INTERVAL_MS,
      latenessMs: this.#witness.latenessMs,
      isResting: this.#witness.isResting,
      fixed: leash,
    });
    return leashTasks(tasks, allowance, line);
  }
}
