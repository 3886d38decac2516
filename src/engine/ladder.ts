import type { Sample } from '../core/model.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import { errnoOf } from '../errors.ts';
import type { Effect } from '../policy/escalation.ts';
import type { Settings } from '../policy/settings.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { GuardEvent, Reporter } from '../reporters/event.ts';
import type { Holder } from '../targets/holder.ts';
import { killTree } from '../targets/killTree.ts';
import type { LeashKeeper } from './leashKeeper.ts';

/** What an action found out that was not known before it. */
interface Said {
  readonly message: string;
  readonly fields?: Record<string, unknown>;
}

interface LadderParts {
  readonly settings: Settings;
  readonly holder: Holder;
  readonly leash: LeashKeeper;
  readonly report: Reporter;
  /** Writes the evidence and returns a sentence about it. */
  readonly dump: (verdict: Verdict, sample: Sample) => string;
  /** The number of tasks at which the target trips now. */
  readonly line: () => number | undefined;
  readonly lastWords: () => Promise<void>;
  readonly reap: () => void;
  readonly now: () => number;
}

/** Carries out the effects of the ladder: acts first, reports second. A dry run only reports. */
export class Ladder {
  readonly #parts: LadderParts;
  readonly #actions: Record<string, number> = {};
  #killing: Promise<void> | undefined;

  constructor(parts: LadderParts) {
    this.#parts = parts;
  }

  /** How often each effect was carried out. */
  get actions(): Readonly<Record<string, number>> {
    return this.#actions;
  }

  /** Resolves when a kill that was begun is verified, at once when none was. */
  async settled(): Promise<void> {
    await this.#killing;
  }

  carryOut(effect: Effect, verdict: Verdict, sample: Sample): void {
    this.#actions[effect] = (this.#actions[effect] ?? 0) + 1;
    const { holder, leash, line, settings } = this.#parts;
    switch (effect) {
      case 'warn':
      case 'trip':
        this.#tell(effect, verdict.reason ?? 'a line is near', {
          ...verdict,
          tasks: sample.tasks,
          maps: sample.maps,
          level: undefined,
        });
        return;
      case 'clamp':
        // Set to what is there now, not to what was there when it was decided.
        this.#act(effect, sample, `growth stopped at ${formatCount(sample.tasks)} tasks`, () => {
          const at = leash.clamp(holder.tasks(this.#parts.now()));
          if (at === undefined) throw new Error('the kernel did not take it');
          return { message: `growth stopped at ${formatCount(at)} tasks`, fields: { cap: at } };
        });
        return;
      case 'release':
        this.#act(effect, sample, 'the target has receded; the cap follows it again', () => {
          leash.release(sample.tasks, line());
          return undefined;
        });
        return;
      case 'dump':
        this.#act(effect, sample, 'evidence', () => ({ message: this.#parts.dump(verdict, sample) }));
        return;
      case 'terminate': {
        const text = `SIGTERM to the whole tree; SIGKILL follows after ${formatDuration(settings.graceMs)}`;
        this.#act(effect, sample, text, () => {
          holder.signal('SIGTERM');
          return undefined;
        });
        return;
      }
      case 'kill':
        if (settings.dryRun) this.#act(effect, sample, 'SIGKILL to the whole tree', () => undefined);
        else this.#killing ??= this.#kill();
        return;
      default:
        effect satisfies never;
    }
  }

  #act(effect: Effect, sample: Sample, intent: string, action: () => Said | undefined): void {
    const { dryRun } = this.#parts.settings;
    try {
      const said: Said = dryRun ? { message: `would have: ${intent}` } : (action() ?? { message: intent });
      this.#tell(effect, said.message, { tasks: sample.tasks, ...said.fields });
    } catch (error) {
      this.#tell('error', `${effect} failed: ${errnoOf(error)}`, { action: effect });
    }
  }

  async #kill(): Promise<void> {
    await this.#parts.lastWords();
    const { emptyMs, survivors } = await killTree(this.#parts);
    const text =
      survivors.length === 0
        ? `whole tree gone in ${formatDuration(emptyMs)}`
        : `survivors after ${formatDuration(emptyMs)}: pid ${survivors.join(', ')}`;
    this.#tell('kill', text, { emptyMs: Math.round(emptyMs * 10) / 10, survivors });
  }

  #tell(event: GuardEvent['event'], message: string, fields: Record<string, unknown>): void {
    const { dryRun } = this.#parts.settings;
    this.#parts.report({ event, message, fields: dryRun ? { ...fields, dryRun } : fields });
  }
}
