import type { Creator } from '../core/creators.ts';
import { creatorText, frameText, waitText } from '../core/headline.ts';
import type { Frame } from '../core/stack.ts';
import type { StackGroup } from '../core/stackGroups.ts';
import { escapeText, formatCount, formatDuration, formatShare } from '../core/units.ts';
import type { DumpDocument } from '../schemas/dumpSchema.ts';
import type { GroupDocument } from '../schemas/stackSchema.ts';

/** What a dump shows. */
export interface DumpView {
  readonly subject: string;
  readonly tasks: number;
  readonly covered: number;
  /** How long the target stood still for it. */
  readonly stoppedMs: number;
  readonly tookMs: number;
  readonly runtimes: readonly string[];
  readonly groups: readonly StackGroup[];
  readonly creators: readonly Creator[];
  readonly notes: readonly string[];
}

const SHOWN_GROUPS = 12;
const SHOWN_FRAMES = 7;

/** The document of `dump --json`. */
export function dumpDocument(view: DumpView): DumpDocument {
  return {
    schema: 'threadguard.dump/1',
    target: view.subject,
    tasks: view.tasks,
    covered: view.covered,
    stoppedMs: view.stoppedMs,
    tookMs: Math.round(view.tookMs),
    runtimes: view.runtimes,
    groups: view.groups.map(groupDocument),
    creators: view.creators,
    notes: view.notes,
  };
}

/** A group as documents have it: with the names of its threads, but not how often each stands there. */
export function groupDocument({ names, site, ...group }: StackGroup): GroupDocument {
  return { ...group, names: names.map(({ name }) => name), ...(site === undefined ? {} : { site }) };
}

/** The same for people: first what most threads do. */
export function dumpText(view: DumpView): string {
  const { covered, groups, notes, runtimes, stoppedMs, tasks, tookMs } = view;
  const lines = [
    `${escapeText(view.subject)}: ${formatCount(covered)} of ${formatCount(tasks)} tasks read in ${formatDuration(tookMs)}, stopped for ${formatDuration(stoppedMs)}${runtimes.length === 0 ? '' : ` (${escapeText(runtimes.join(', '))})`}`,
  ];
  // A thread without a stack is in a group, too.
  const read = Math.max(
    covered,
    groups.reduce((sum, { count }) => sum + count, 0),
  );
  for (const creator of view.creators.slice(0, 3))
    lines.push(`${creatorText(creator)} (${escapeText(creator.source)})`);
  const shown = groups.slice(0, SHOWN_GROUPS);
  for (const group of shown) lines.push('', ...groupLines(group, read, differsAt(group, shown)));
  if (groups.length > SHOWN_GROUPS) {
    const rest = groups.slice(SHOWN_GROUPS).reduce((sum, { count }) => sum + count, 0);
    lines.push('', `and ${formatCount(groups.length - SHOWN_GROUPS)} more groups with ${formatCount(rest)} tasks`);
  }
  if (notes.length > 0) lines.push('', ...notes.map((note) => `note: ${escapeText(note)}`));
  return `${lines.join('\n')}\n`;
}

function groupLines(group: StackGroup, read: number, differs: number): string[] {
  const { count, frames, grew, names, site, wait } = group;
  const named = names.map(({ name }) => `"${escapeText(name)}"`).join(', ');
  const change = grew === count ? '' : `, ${grew >= 0 ? '+' : ''}${formatCount(grew)}`;
  const siteAt = site === undefined ? -1 : frames.indexOf(site);
  const further = [siteAt, differs].filter((at) => at >= SHOWN_FRAMES).sort((a, b) => a - b);
  return [
    `${formatCount(count)} tasks (${formatShare(count / Math.max(1, read))}${change}) ${waitText(wait)}: ${named}`,
    ...rowsOf(frames.slice(0, SHOWN_FRAMES), siteAt),
    ...[...new Set(further)].flatMap((at) => ['    …', rowOf(frames[at] as Frame, at === siteAt)]),
    ...(further.length === 0 && frames.length > SHOWN_FRAMES ? ['    …'] : []),
  ];
}

/** Rows of frames. Equal ones that follow each other are one row: code without names would be many. */
function rowsOf(frames: readonly Frame[], siteAt: number): string[] {
  const runs: { row: string; times: number; isSite: boolean }[] = [];
  for (const [index, frame] of frames.entries()) {
    const row = frameText(frame);
    const last = runs.at(-1);
    if (last?.row === row) {
      last.times += 1;
      last.isSite ||= index === siteAt;
    } else runs.push({ row, times: 1, isSite: index === siteAt });
  }
  return runs.map(({ isSite, row, times }) => marked(`${row}${times === 1 ? '' : `, ${times} times`}`, isSite));
}

function rowOf(frame: Frame, isSite: boolean): string {
  return marked(frameText(frame), isSite);
}

function marked(text: string, isSite: boolean): string {
  return `${isSite ? '  > ' : '    '}${text}`;
}

/** The frame that tells a group from others that would look the same; -1 if what is shown tells. */
function differsAt(group: StackGroup, groups: readonly StackGroup[]): number {
  const textAt = ({ frames }: StackGroup, at: number): string => {
    const frame = frames[at];
    return frame === undefined ? '' : frameText(frame);
  };
  let differs = -1;
  for (const other of groups) {
    if (other === group || other.wait !== group.wait || lead(other) !== lead(group)) continue;
    let at = SHOWN_FRAMES;
    while (at < group.frames.length && textAt(group, at) === textAt(other, at)) at += 1;
    if (at < group.frames.length) differs = Math.max(differs, at);
  }
  return differs;
}

/** What is shown of a group, but for how many they are. */
function lead({ frames, names }: StackGroup): string {
  return [...names.map(({ name }) => name), ...frames.slice(0, SHOWN_FRAMES).map(frameText)].join('\n');
}
