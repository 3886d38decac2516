import { firstSince, type Growth, measureGrowth } from '../core/forecast.ts';
import { Lateness } from '../core/histogram.ts';
import type { Sample } from '../core/model.ts';
import { Ring, type Series } from '../core/ring.ts';
import { MIN_INTERVAL_MS } from '../policy/cadence.ts';
import type { Summary } from '../policy/event.ts';
import type { Line } from '../policy/lines.ts';

/** Samples for the growth windows are kept this far apart: the ring then reaches back over the long one. */
const RING_EVERY_MS = 25;
const RING_SIZE = 1_300;
/** One start-up burst must not keep the guard awake for a day: half forgotten in this time. */
const FASTEST_HALF_LIFE_MS = 30_000;

/** A burst that has ended is no rate any more: growth is taken over this time. */
const NOW_MS = 250;

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
  #nearest: Summary['nearest'];

  get last(): Sample {
    return this.#last;
  }

  /** Samples, oldest first. */
  get series(): Series<Sample> {
    return this.#ring;
  }

  /** A copy of them, for what is written down. */
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

  get nearest(): Summary['nearest'] {
    return this.#nearest;
  }

  /** Tasks a second over the last quarter of a second; never negative. */
  get nowPerSecond(): number {
    if (this.#ring.length === 0) return 0;
    const first = firstSince(this.#ring, this.#last.timeMs - NOW_MS);
    if (first.timeMs >= this.#last.timeMs) return 0;
    return Math.max(0, ((this.#last.tasks - first.tasks) * 1000) / (this.#last.timeMs - first.timeMs));
  }

  growth(): Growth {
    return measureGrowth(this.#ring, ({ tasks }) => tasks);
  }

  /** The clock starts, or stood still: what lies between is neither lateness nor a rate of growth. */
  restart(nowMs: number): void {
    this.#last = { ...this.#last, timeMs: nowMs };
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
    this.#last = sample;
    this.#peakTasks = Math.max(this.#peakTasks, sample.tasks);
    if (sample.maps !== undefined) this.#peakMaps = Math.max(this.#peakMaps ?? 0, sample.maps);
    const latest = this.#ring.at(-1);
    if (latest === undefined || sample.timeMs - latest.timeMs >= RING_EVERY_MS) this.#ring.push(sample);
  }

  /** Notes which line the target came nearest to. */
  compare({ maps, tasks }: Sample, lines: readonly Line[]): void {
    for (const line of lines) {
      const share = ((line.unit === 'maps' ? maps : tasks) ?? 0) / line.at;
      if (share > (this.#nearest?.share ?? 0)) this.#nearest = { label: line.ceiling, share };
    }
  }
}
