import type { Budget } from '../core/budget.ts';
import { ceilingLabel } from '../core/ceiling.ts';
import { type Growth, measureGrowth } from '../core/forecast.ts';
import { Lateness } from '../core/histogram.ts';
import type { Sample } from '../core/model.ts';
import { Ring } from '../core/ring.ts';
import { MIN_INTERVAL_MS, NOTICEABLE_TASKS } from '../policy/cadence.ts';
import type { Settings } from '../policy/settings.ts';

/** Samples for the growth windows are kept this far apart: the ring then reaches back over the long one. */
const RING_EVERY_MS = 25;
const RING_SIZE = 1_300;
/** One start-up burst must not keep the guard awake for a day: half forgotten in this time. */
const FASTEST_HALF_LIFE_MS = 30_000;

/** A target whose tasks have stayed within NOTICEABLE_TASKS for this long is at rest. */
const RESTS_AFTER_MS = 10_000;

/** The budget that the target came nearest to, and how near. */
export interface Nearest {
  readonly label: string;
  readonly share: number;
}

/** What has been seen of the target: most ceilings leave no other trace once it is gone. */
export class Witness {
  /** Every waking of the loop, for the summary. */
  readonly lateness: Lateness = new Lateness();
  readonly #ring = new Ring<Sample>(RING_SIZE);
  #last: Sample = { timeMs: 0, tasks: 0, maps: undefined, refused: undefined };
  #fastestPerSecond = 0;
  #latenessMs = 0;
  #peakTasks = 0;
  #peakMaps: number | undefined;
  #nearest: Nearest | undefined;
  #settled = { sinceMs: 0, tasks: 0 };

  get last(): Sample {
    return this.#last;
  }

  /** Samples, oldest first. */
  get samples(): readonly Sample[] {
    return this.#ring.items();
  }

  /** Fastest growth seen, in tasks a second, fading. */
  get fastestPerSecond(): number {
    return this.#fastestPerSecond;
  }

  /** Decaying maximum of how late the loop woke. */
  get latenessMs(): number {
    return this.#latenessMs;
  }

  get peakTasks(): number {
    return this.#peakTasks;
  }

  get peakMaps(): number | undefined {
    return this.#peakMaps;
  }

  get nearest(): Nearest | undefined {
    return this.#nearest;
  }

  get isResting(): boolean {
    return this.#last.timeMs - this.#settled.sinceMs >= RESTS_AFTER_MS;
  }

  growth(): Growth {
    return measureGrowth(this.#ring.items(), ({ tasks }) => tasks);
  }

  /** The clock starts, or stood still: what lies between is neither lateness nor a rate of growth. */
  restart(nowMs: number): void {
    this.#last = { ...this.#last, timeMs: nowMs };
    this.#settled = { sinceMs: nowMs, tasks: this.#last.tasks };
  }

  wokeLate(byMs: number): void {
    this.lateness.add(byMs);
    this.#latenessMs = Math.max(byMs, this.#latenessMs * 0.9);
  }

  see(sample: Sample): void {
    const elapsedMs = sample.timeMs - this.#last.timeMs;
    if (elapsedMs > 0) {
      // Two looks a hair apart measure nothing: the child's own first task would count as thousands a second.
      const rate = ((sample.tasks - this.#last.tasks) * 1000) / Math.max(elapsedMs, MIN_INTERVAL_MS);
      this.#fastestPerSecond = Math.max(rate, this.#fastestPerSecond * 0.5 ** (elapsedMs / FASTEST_HALF_LIFE_MS));
    }
    if (Math.abs(sample.tasks - this.#settled.tasks) >= NOTICEABLE_TASKS)
      this.#settled = { sinceMs: sample.timeMs, tasks: sample.tasks };
    this.#last = sample;
    this.#peakTasks = Math.max(this.#peakTasks, sample.tasks);
    if (sample.maps !== undefined) this.#peakMaps = Math.max(this.#peakMaps ?? 0, sample.maps);
    const latest = this.#ring.last();
    if (latest === undefined || sample.timeMs - latest.timeMs >= RING_EVERY_MS) this.#ring.push(sample);
  }

  /** Notes which line the target came nearest to. */
  compare(sample: Sample, budgets: readonly Budget[], limits: Pick<Settings, 'maxTasks' | 'maxMaps'>): void {
    const maps = sample.maps ?? 0;
    for (const { allowed, ceiling } of budgets)
      this.#near(ceilingLabel(ceiling), (ceiling.unit === 'maps' ? maps : sample.tasks) / allowed);
    if (limits.maxTasks !== undefined) this.#near('--max-tasks', sample.tasks / limits.maxTasks);
    if (limits.maxMaps !== undefined) this.#near('--max-maps', maps / limits.maxMaps);
  }

  #near(label: string, share: number): void {
    if (share > (this.#nearest?.share ?? 0)) this.#nearest = { label, share };
  }
}
