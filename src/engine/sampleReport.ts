import { ceilingLabel } from '../core/ceiling.ts';
import type { Growth } from '../core/forecast.ts';
import type { Ceiling, Sample } from '../core/model.ts';
import type { Reporter, SampleEvent } from '../policy/event.ts';
import type { Cap } from '../targets/contracts.ts';
import type { Observer } from './observer.ts';

/** What a look saw, for the log: once a second. */
function sampleEvent(
  { maps, refused, tasks }: Sample,
  growth: Growth,
  seen: {
    readonly cap: Cap;
    readonly binding: Ceiling | undefined;
    readonly latenessMs: number;
    readonly dryRun: boolean;
  },
): SampleEvent {
  return {
    event: 'sample',
    tasks,
    maps,
    refused,
    cap: seen.cap,
    growthPerSecond: toTenth(growth.shortPerSecond),
    binding: seen.binding === undefined ? null : ceilingLabel(seen.binding),
    additionalThreads: seen.binding?.additionalThreads ?? null,
    latenessMs: toTenth(seen.latenessMs),
    ...(seen.dryRun ? { dryRun: true } : {}),
  };
}

/** To a tenth: more digits only lengthen the log. */
export function toTenth(value: number): number {
  return Math.round(value * 10) / 10;
}

const EVERY_MS = 1_000;

/** Says what was seen, once a second. */
export class SampleReporter {
  readonly #report: Reporter;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(report: Reporter) {
    this.#report = report;
  }

  look(sample: Sample, { binding, cap, growth, witness }: Observer, dryRun: boolean): void {
    if (sample.timeMs - this.#lastMs < EVERY_MS) return;
    this.#lastMs = sample.timeMs;
    this.#report(sampleEvent(sample, growth, { cap, binding, latenessMs: witness.latenessMs, dryRun }));
  }
}
