import { ceilingLabel } from '../../core/ceiling.ts';
import { thinKeepingPeaks } from '../../core/growth/resample.ts';
import type { Incident, IncidentDocument } from '../../core/incident.ts';
import type { Ceiling } from '../../core/model.ts';
import { escapeText } from '../../core/units.ts';

/** Tasks and maps over time, in seconds before (negative) and after the trip. */
export interface Chart {
  readonly seconds: readonly number[];
  readonly tasks: readonly number[];
  /** `null` where they were not counted. */
  readonly maps: readonly (number | null)[];
  /** Where the tightest ceilings are, in tasks. */
  readonly lines: readonly { readonly label: string; readonly value: number }[];
  /** What was done, and when. */
  readonly marks: readonly { readonly at: number; readonly label: string }[];
}

/** A ceiling higher than this many times the peak would press the curve flat. */
const NEAR = 4;
const MOST_LINES = 4;
const MOST_POINTS = 2_000;

/** The series of an incident. Of more than 2,000 samples those are drawn that keep its peaks. */
export function chartOf({ ceilings, document, samples }: Incident): Chart {
  const kept = thinKeepingPeaks(samples, MOST_POINTS, [({ tasks }) => tasks, ({ maps }) => maps]);
  const end = kept.at(-1)?.timeMs ?? 0;
  const peak = kept.reduce((most, { tasks }) => Math.max(most, tasks), 1);
  return {
    seconds: kept.map(({ timeMs }) => (timeMs - end) / 1000),
    tasks: kept.map(({ tasks }) => tasks),
    maps: kept.map(({ maps }) => maps ?? null),
    lines: linesOf(ceilings.after, document.tasks, peak),
    marks: document.actions
      .filter(({ action }) => action !== 'exit' && action !== 'error')
      .map(({ action, time }) => ({ at: sinceTripMs(document, time) / 1000, label: escapeText(action) }))
      .filter(({ at }) => Number.isFinite(at)),
  };
}

/** Milliseconds from the trip to another time, negative before it; NaN for a time that is none. */
export function sinceTripMs({ actions, time }: IncidentDocument, other: string): number {
  return Date.parse(other) - Date.parse(actions.find(({ action }) => action === 'trip')?.time ?? time);
}

/** Ceilings at the number of tasks that each allows, the tightest first. */
function linesOf(ceilings: readonly Ceiling[], tasks: number, peak: number): Chart['lines'] {
  return ceilings
    .filter(({ additionalThreads, exempt }) => typeof additionalThreads === 'number' && !exempt)
    .map((one) => ({ label: escapeText(ceilingLabel(one)), value: tasks + Number(one.additionalThreads) }))
    .filter(({ value }) => value <= NEAR * peak)
    .sort((a, b) => a.value - b.value)
    .slice(0, MOST_LINES);
}
