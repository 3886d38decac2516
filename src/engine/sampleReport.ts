import { ceilingLabel } from '../core/ceiling.ts';
import type { Growth } from '../core/forecast.ts';
import type { Ceiling, Sample } from '../core/model.ts';
import type { SampleEvent } from '../policy/event.ts';
import type { Cap } from '../targets/contracts.ts';

/** What a look saw, for the log: once a second. */
export function sampleEvent(
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
