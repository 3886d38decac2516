import { classifySamples } from '../../core/growth/samples.ts';
import { creatorText, frameText, waitText } from '../../core/headline.ts';
import type { Incident, IncidentCoverage, IncidentDocument, IncidentGroup } from '../../core/incident.ts';
import { escapeText, formatCount, formatDuration } from '../../core/units.ts';
import { ceilingRows } from './ceilingRows.ts';
import { type Chart, chartOf, sinceTripMs } from './chart.ts';
import { nextSteps } from './nextSteps.ts';
import { meaningOf, whyText } from './why.ts';

/** What a report says, in whatever format it is written. Its texts are safe for a terminal, not yet for HTML. */
export interface Page {
  readonly headline: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly chart: Chart;
  readonly creators: readonly {
    readonly text: string;
    readonly source: string;
    readonly path: readonly string[];
    readonly share: number;
  }[];
  readonly groups: readonly PageGroup[];
  readonly steps: readonly { readonly at: string; readonly action: string; readonly message: string }[];
  /** Rows of `CEILING_COLUMNS`. */
  readonly ceilings: readonly (readonly string[])[];
  readonly coverage: readonly string[];
  readonly next: readonly string[];
}

export interface PageGroup {
  readonly count: number;
  readonly grew: number;
  readonly wait: string;
  readonly runtime: string;
  readonly names: string;
  /** Empty if all frames are plumbing. */
  readonly site: string;
  readonly frames: readonly { readonly text: string; readonly isSite: boolean }[];
  readonly timeline: readonly number[];
}

/** Puts an incident into words and series. Pure. */
export function pageOf(incident: Incident): Page {
  const { ceilings, document, missing } = incident;
  return {
    headline: document.headline === '' ? whyText(document) : escapeText(document.headline),
    facts: factsOf(incident),
    chart: chartOf(incident),
    creators: document.creators.map((creator) => ({
      text: creatorText(creator),
      source: escapeText(creator.source),
      path: creator.frames.map(frameText),
      share: creator.share,
    })),
    groups: document.groups.map(groupOf),
    steps: stepsOf(document),
    ceilings: ceilingRows(ceilings),
    coverage: [...coverageOf(document.coverage), ...document.notes.map(escapeText), ...missing.map(escapeText)],
    next: nextSteps(incident),
  };
}

function factsOf({ document, samples }: Incident): (readonly [string, string])[] {
  const facts: [string, string | undefined][] = [
    ['command', document.command.map(escapeText).join(' ')],
    ['time', escapeText(document.time)],
    ['why it tripped', whyText(document)],
    ['that means', meaningOf(document.trip)],
    ['tasks', formatCount(document.tasks)],
    ['growth', growthOf(samples)],
    ['runtimes', document.runtimes.map(escapeText).join(', ') || undefined],
  ];
  const why = facts[2]?.[1];
  return facts.flatMap(([name, value]) => {
    const isSaid = value === undefined || (name === 'that means' && why?.startsWith(value) === true);
    return isSaid ? [] : [[name, value] as const];
  });
}

/** What the tasks did before the trip, if the samples reach back far enough. */
function growthOf(samples: Incident['samples']): string | undefined {
  const sentence = classifySamples(samples)?.sentence;
  return sentence === undefined ? undefined : `it ${sentence}`;
}

/** Nothing to say about a target that had ended before anything of it was read: a note says that. */
function coverageOf({ covered, found, longestStopMs, stoppedMs, stops, tookMs }: IncidentCoverage): string[] {
  if (found === 0) return [];
  return [
    `stacks of ${formatCount(covered)} of ${formatCount(found)} tasks were read in ${formatDuration(tookMs)}`,
    stops === 0
      ? 'the target was not stopped for it'
      : `the target was stopped ${formatCount(stops)} times, for ${formatDuration(stoppedMs)} in all, ${formatDuration(longestStopMs)} at most`,
  ];
}

function groupOf({ count, frames, grew, names, runtime, site, timeline, wait }: IncidentGroup): PageGroup {
  const siteAt =
    site === undefined ? -1 : frames.findIndex((frame) => frame.function === site.function && frame.file === site.file);
  return {
    count,
    grew,
    wait: waitText(wait),
    runtime: escapeText(runtime),
    names: names.map(escapeText).join(', '),
    site: site === undefined ? '' : frameText(site),
    frames: frames.map((frame, index) => ({ text: frameText(frame), isSite: index === siteAt })),
    timeline,
  };
}

/** What was done, with the time from the trip. */
function stepsOf(document: IncidentDocument): Page['steps'] {
  return document.actions.map(({ action, message, time }) => {
    const ms = sinceTripMs(document, time);
    const at = ms < 0 ? `−${formatDuration(-ms)}` : `+${formatDuration(ms)}`;
    return {
      at: Number.isFinite(ms) ? at : 'unknown',
      action: escapeText(action),
      message: escapeText(message),
    };
  });
}
