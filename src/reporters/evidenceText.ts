import { creatorText, groupText } from '../core/headline.ts';
import type { Findings } from '../core/incidentDocument.ts';
import { formatCount, formatDuration } from '../core/units.ts';

/** Most groups, and most creators, shown to people. The file has all of them. */
const SHOWN = 3;

/** What was found out about a target, for the log: a line each. */
export function captureText({ coverage, creators, groups, notes }: Findings): string[] {
  const { covered, found, tookMs } = coverage;
  const withStack = groups.filter(({ frames }) => frames.length > 0);
  return [
    `stacks of ${formatCount(covered)} of ${formatCount(found)} tasks read in ${formatDuration(tookMs)}${stopText(coverage)}`,
    ...creatorLines(creators),
    // A group without a stack says little: it is shown only where there is nothing else.
    ...(withStack.length > 0 ? withStack : groups)
      .slice(0, SHOWN)
      .map((group) => `${groupText(group)} (+${formatCount(group.grew)} since the start)`),
    ...notes.map((note) => `note: ${note}`),
  ];
}

/** Who makes the threads, and where that is known from. */
export function creatorLines(creators: Findings['creators']): string[] {
  return creators.slice(0, SHOWN).map((creator) => `${creatorText(creator)} (${creator.source})`);
}

function stopText({ stops, stoppedMs }: Findings['coverage']): string {
  if (stops === 0) return '';
  const long = formatDuration(stoppedMs);
  return stops === 1
    ? `, target stopped once for ${long}`
    : `, target stopped ${formatCount(stops)} times for ${long} in all`;
}
