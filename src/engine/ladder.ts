import type { Sample } from '../core/model.ts';
import { reaches } from '../core/model.ts';
import { errnoOf } from '../errors.ts';
import { MIN_INTERVAL_MS } from '../policy/cadence.ts';
import type { Effect, Stage } from '../policy/escalation.ts';
import type { GuardEvent, Reporter } from '../policy/event.ts';
import type { Settings } from '../policy/settings.ts';
import type { Opinion } from '../policy/verdict.ts';
import { type Clock, sleep } from '../sys/clock.ts';
import type { Target } from '../targets/contracts.ts';
import { killTree } from '../targets/killTree.ts';
import type { CapKeeper } from './capKeeper.ts';
import type { Dumped } from './parts.ts';

type StepEvent = Extract<GuardEvent, { event: 'clamp' | 'release' | 'dump' | 'terminate' }>;

interface LadderParts {
  readonly settings: Settings;
  readonly target: Target;
  readonly cap: CapKeeper;
  readonly report: Reporter;
  /** Writes the evidence; gives back what was found. */
  readonly dump: (because: Opinion, sample: Sample) => Dumped;
  /** The number of tasks at which the target trips now. */
  readonly line: () => number | undefined;
  readonly lastWords: () => Promise<void>;
  readonly reap: () => void;
  readonly clock: Clock;
}

/** Carries out the effects of the ladder: acts first, reports second. A dry run only reports. */
export class Ladder {
  readonly #parts: LadderParts;
  readonly #actions: Partial<Record<Effect, number>> = {};
  #settings: Pick<Settings, 'dryRun'>;
  #killing: Promise<void> | undefined;

  constructor(parts: LadderParts) {
    this.#parts = parts;
    this.#settings = parts.settings;
  }

  reload(settings: Settings): void {
    this.#settings = settings;
  }

  /** How often each effect was carried out. */
  get actions(): Readonly<Partial<Record<Effect, number>>> {
    return this.#actions;
  }

  carryOut(effect: Effect, because: Opinion, sample: Sample, graceMs: number): void {
    this.#actions[effect] = (this.#actions[effect] ?? 0) + 1;
    const { cap, clock, target } = this.#parts;
    const { maps, tasks } = sample;
    switch (effect) {
      case 'warn':
        this.#parts.report({ event: 'warn', about: 'line', opinion: because, tasks, maps, ...this.#dryRun });
        return;
      case 'trip':
        this.#parts.report({ event: 'trip', opinion: because, tasks, maps, ...this.#dryRun });
        return;
      case 'clamp':
        this.#act(effect, { event: 'clamp', tasks }, () => {
          // Set to what is there now, not to what was there when it was decided.
          const at = cap.clamp(target.meter.tasks(clock.now()));
          if (at === undefined) throw new Error('the kernel did not take it');
          // No cap holds maps: the target stands still until it is told to end.
          const isFrozen = because.unit === 'maps' && target.brake.freeze();
          return { event: 'clamp', tasks, cap: at, ...(isFrozen ? { isFrozen: true } : {}) };
        });
        return;
      case 'release':
        this.#act(effect, { event: 'release', tasks }, () => {
          cap.release(tasks, this.#parts.line());
          return { event: 'release', tasks };
        });
        return;
      case 'dump':
        this.#act(effect, { event: 'dump', tasks, lost: [] }, () => {
          return { event: 'dump', tasks, ...this.#parts.dump(because, sample) };
        });
        return;
      case 'terminate':
        this.#act(effect, { event: 'terminate', tasks, graceMs }, () => {
          target.end.signal('SIGTERM');
          target.brake.thaw();
          return { event: 'terminate', tasks, graceMs };
        });
        return;
      case 'kill':
        if (this.#settings.dryRun)
          this.#parts.report({ event: 'kill', tasks, emptyMs: 0, survivors: [], ...this.#dryRun });
        else this.#killing ??= this.#kill(tasks);
        return;
      default:
        effect satisfies never;
    }
  }

  /**
   * The child has ended. The rest of a tree that is being terminated gets its grace and is then killed, and a kill is
   * verified. Resolves to the last stage when no more will be done.
   */
  async settle(stage: Stage, sample: Sample): Promise<Stage> {
    const { clock, reap, target } = this.#parts;
    let last = stage;
    // A look may begin the kill meanwhile. Then the tree is empty before the kill is told, so it is waited for in any case.
    while (
      this.#killing === undefined &&
      last.at === 'terminating' &&
      !this.#settings.dryRun &&
      reaches(last.reach.until, 'kill')
    ) {
      reap();
      if (target.end.isEmpty()) break;
      if (clock.now() - last.sinceMs >= last.reach.graceMs) {
        last = { at: 'killed', sinceMs: clock.now(), because: last.because, reach: last.reach };
        this.carryOut('kill', last.because, sample, last.reach.graceMs);
      } else await sleep(clock, MIN_INTERVAL_MS);
    }
    await this.#killing;
    return last;
  }

  get #dryRun(): { readonly dryRun?: true } {
    return this.#settings.dryRun ? { dryRun: true } : {};
  }

  #act(effect: Effect, intended: StepEvent, action: () => StepEvent): void {
    try {
      this.#parts.report(this.#settings.dryRun ? { ...intended, dryRun: true } : action());
    } catch (error) {
      const details = { action: effect };
      this.#parts.report({ event: 'error', about: 'action', problem: `${effect} failed: ${errnoOf(error)}`, details });
    }
  }

  async #kill(tasks: number): Promise<void> {
    try {
      await this.#parts.lastWords();
    } catch {
      // Words are no reason not to kill.
    }
    const { emptyMs, survivors } = await killTree(this.#parts);
    this.#parts.report({ event: 'kill', tasks, emptyMs: Math.round(emptyMs * 10) / 10, survivors });
  }
}
