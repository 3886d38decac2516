import { bindingCeiling, ceilingLabel } from '../../core/ceiling.ts';
import type { Creator } from '../../core/creators.ts';
import { thinKeepingPeaks } from '../../core/growth/resample.ts';
import { classifySamples } from '../../core/growth/samples.ts';
import { creatorText, frameText, waitText } from '../../core/headline.ts';
import type { Incident, IncidentGroup } from '../../core/incident.ts';
import type { Ceiling } from '../../core/model.ts';
import { escapeText, formatBytes, formatCount, formatDuration, formatShare } from '../../core/units.ts';

/** What a report says, whatever it is written in: texts that are safe for a terminal, not yet for HTML. */
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
  readonly site: string;
  readonly frames: readonly { readonly text: string; readonly isSite: boolean }[];
  readonly timeline: readonly number[];
}

/** Tasks and maps over time; seconds before (negative) and after the trip. */
export interface Chart {
  readonly seconds: readonly number[];
  readonly tasks: readonly number[];
  readonly maps: readonly (number | null)[];
  /** Where the tightest ceilings are, in tasks. */
  readonly lines: readonly { readonly label: string; readonly value: number }[];
  readonly marks: readonly { readonly at: number; readonly label: string }[];
}

export const CEILING_COLUMNS = ['ceiling', 'used before', 'used at the trip', 'limit', 'threads left'] as const;
/** Lines of ceilings further up than this many times the peak would press the curve flat. */
const NEAR = 4;
const MOST_LINES = 4;
const MOST_POINTS = 2_000;

/** Puts an incident into words and series. Pure. */
export function pageOf(incident: Incident): Page {
  const { ceilings, document, missing } = incident;
  const { coverage } = document;
  return {
    headline: escapeText(document.headline === '' ? (document.trip.reason ?? 'an incident') : document.headline),
    facts: [
      ['command', document.command.map(escapeText).join(' ')],
      ['time', document.time],
      ['why it tripped', escapeText(document.trip.reason ?? '?')],
      ['tasks', formatCount(document.tasks)],
      ...growthOf(incident),
      ...(document.runtimes.length === 0 ? [] : [['runtimes', document.runtimes.map(escapeText).join(', ')] as const]),
    ],
    chart: chartOf(incident),
    creators: document.creators.map((creator) => ({
      text: creatorText(creator),
      source: escapeText(creator.source),
      path: creator.frames.map(frameText),
      share: creator.share,
    })),
    groups: document.groups.map(groupOf),
    steps: stepsOf(incident),
    ceilings: [...ceilings.after].sort((a, b) => leftOf(a) - leftOf(b)).map((after) => rowOf(after, ceilings.before)),
    coverage: [...(coverage.found === 0 ? [] : coverageOf(coverage)), ...document.notes.map(escapeText), ...missing],
    next: nextSteps(incident),
  };
}

function coverageOf(coverage: Incident['document']['coverage']): string[] {
  return [
    `stacks of ${formatCount(coverage.covered)} of ${formatCount(coverage.found)} tasks were read in ${formatDuration(coverage.tookMs)}`,
    coverage.stops === 0
      ? 'the target was not stopped for it'
      : `the target was stopped ${formatCount(coverage.stops)} times, for ${formatDuration(coverage.stoppedMs)} in all, ${formatDuration(coverage.longestStopMs)} at most`,
  ];
}

/** What the tasks did before the trip, where the samples reach back far enough. */
function growthOf({ samples }: Incident): [string, string][] {
  const sentence = classifySamples(samples)?.sentence;
  return sentence === undefined ? [] : [['growth', `it ${sentence}`]];
}

function chartOf({ ceilings, document, samples }: Incident): Chart {
  const kept = thinKeepingPeaks(samples, MOST_POINTS, [({ tasks }) => tasks, ({ maps }) => maps]);
  const end = kept.at(-1)?.timeMs ?? 0;
  const tripAt = Date.parse(document.actions.find(({ action }) => action === 'trip')?.time ?? document.time);
  const peak = Math.max(1, ...kept.map(({ tasks }) => tasks));
  const reach = (ceiling: Ceiling): number => document.tasks + Number(ceiling.additionalThreads);
  return {
    seconds: kept.map(({ timeMs }) => (timeMs - end) / 1000),
    tasks: kept.map(({ tasks }) => tasks),
    maps: kept.map(({ maps }) => maps ?? null),
    lines: ceilings.after
      .filter((one) => typeof one.additionalThreads === 'number' && !one.exempt && reach(one) <= NEAR * peak)
      .sort((a, b) => reach(a) - reach(b))
      .slice(0, MOST_LINES)
      .map((one) => ({ label: escapeText(ceilingLabel(one)), value: reach(one) })),
    marks: document.actions
      .filter(({ action }) => action !== 'exit' && action !== 'error')
      .map(({ action, time }) => ({ at: (Date.parse(time) - tripAt) / 1000, label: action }))
      .filter(({ at }) => Number.isFinite(at)),
  };
}

function groupOf({ count, frames, grew, names, runtime, site, timeline, wait }: IncidentGroup): PageGroup {
  const isSite = (index: number): boolean => {
    const frame = frames[index];
    return site !== undefined && frame?.function === site.function && frame.file === site.file;
  };
  const first = frames.findIndex((_, index) => isSite(index));
  return {
    count,
    grew,
    wait: waitText(wait),
    runtime,
    names: names.map(escapeText).join(', '),
    site: site === undefined ? '' : frameText(site),
    frames: frames.map((frame, index) => ({ text: frameText(frame), isSite: index === first })),
    timeline,
  };
}

function stepsOf({ document }: Incident): Page['steps'] {
  const tripAt = Date.parse(document.actions.find(({ action }) => action === 'trip')?.time ?? document.time);
  return document.actions.map(({ action, message, time }) => {
    const ms = Date.parse(time) - tripAt;
    const at = !Number.isFinite(ms) ? '?' : ms < 0 ? `−${formatDuration(-ms)}` : `+${formatDuration(ms)}`;
    return { at, action: escapeText(action), message: escapeText(message) };
  });
}

/** Those without a number last. */
function leftOf({ additionalThreads }: Ceiling): number {
  return typeof additionalThreads === 'number' ? additionalThreads : Number.POSITIVE_INFINITY;
}

function rowOf(after: Ceiling, all: readonly Ceiling[]): string[] {
  const before = all.find((one) => one.name === after.name && one.path === after.path);
  const amount = (value: Ceiling['limit']): string => {
    if (typeof value !== 'number') return value;
    return after.unit === 'bytes' ? formatBytes(value) : formatCount(value);
  };
  return [
    escapeText(ceilingLabel(after)),
    before === undefined ? '–' : amount(before.used),
    amount(after.used),
    amount(after.limit),
    typeof after.additionalThreads === 'number' ? formatCount(after.additionalThreads) : after.exempt ? 'exempt' : '–',
  ];
}

/** What an operator would do next, in order. */
function nextSteps({ ceilings, document }: Incident): string[] {
  const steps: string[] = [];
  const [creator] = document.creators;
  if (creator !== undefined)
    steps.push(`Look at ${whereOf(creator)}: bound what it makes, or find out why it makes so many.`);
  else
    steps.push(
      'Nobody was caught making threads: run it again with a longer --dump-timeout, or look at the largest group.',
    );
  const [group] = document.groups;
  if (group?.site !== undefined) {
    steps.push(`Look at ${frameText(group.site)}: why do its threads stay ${waitText(group.wait)}?`);
  }
  const binding = bindingCeiling(ceilings.after);
  if (binding !== undefined) {
    steps.push(
      `If the load is honest, raise ${escapeText(ceilingLabel(binding))} (${escapeText(binding.raise)}) or its budget (--budget); threadguard limits --suggest says what that exposes next.`,
    );
  }
  steps.push('The stacks are in stacks.folded: FlameGraph and speedscope read it.');
  return steps;
}

function whereOf({ executor, frames, share }: Creator): string {
  const frame = frames[0] === undefined ? '?' : frameText(frames[0]);
  return `${frame}${executor === undefined ? '' : ` (through ${executor})`}, which makes ${formatShare(Math.round(share * 100) / 100)} of the threads`;
}
