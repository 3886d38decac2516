import { ceilingLabel } from '../core/ceiling.ts';
import type { Growth } from '../core/forecast.ts';
import type { Ceiling, Sample } from '../core/model.ts';
import type { Explanation } from '../core/refusal.ts';
import type { GuardEvent } from '../reporters/event.ts';

/** What a look saw, once a second. */
export function sampleEvent(seen: {
  readonly sample: Sample;
  readonly cap: number | 'max';
  readonly growth: Growth;
  readonly binding: Ceiling | undefined;
  readonly latenessMs: number;
  readonly dryRun: boolean;
}): GuardEvent {
  const { tasks, maps, refused } = seen.sample;
  return {
    event: 'sample',
    message: `${tasks} tasks`,
    fields: {
      tasks,
      maps,
      refused,
      cap: seen.cap,
      growthPerSecond: toTenth(seen.growth.shortPerSecond),
      binding: seen.binding === undefined ? null : ceilingLabel(seen.binding),
      additionalThreads: seen.binding?.additionalThreads ?? null,
      latenessMs: toTenth(seen.latenessMs),
      ...(seen.dryRun ? { dryRun: true } : {}),
    },
  };
}

/** A ceiling that is not the guard's own cap refused the target something. */
export function refusalEvent(found: Explanation & { readonly ceiling: Ceiling }, tasks: number): GuardEvent {
  const { ceiling, evidence, verdict } = found;
  return {
    event: 'warn',
    message: `${ceilingLabel(ceiling)} refuses it more (${verdict}); raise it: ${ceiling.raise}`,
    fields: { refusedBy: ceiling.name, path: ceiling.path, verdict, evidence, tasks },
  };
}

/** To a tenth: more digits only lengthen the log. */
export function toTenth(value: number): number {
  return Math.round(value * 10) / 10;
}
