import { formatCount, formatDuration } from '../units.ts';
import { median } from './series.ts';
import type { Fit } from './shapes.ts';

/** A peak is worth a word from this share above the level on. */
const NOTABLE_SHARE = 0.5;
const NOTABLE = 3;

/** What a series does, as the end of a sentence about a service: `stays at 400`. `y` are the medians it was fitted to. */
export function growthSentence(
  { knee, shape }: Fit,
  y: readonly number[],
  facts: { readonly perSecond: number; readonly exhaustionMs: number; readonly peak: number },
): string {
  const { exhaustionMs, peak, perSecond } = facts;
  const first = formatCount(median(y.slice(0, 5)));
  const level = median(y.slice(-5));
  const last = formatCount(level);
  const at = knee === undefined ? '' : ` after ${Math.round(knee * 100)}% of the time`;
  const rate = perSecond >= 1 ? `${perSecond.toFixed(1)}/s` : `${(perSecond * 60).toFixed(1)} a minute`;
  const end = Number.isFinite(exhaustionMs) ? `; nothing is left in ${formatDuration(exhaustionMs)}` : '';
  switch (shape) {
    case 'flat':
      return `stays at ${last}${peak - level >= Math.max(NOTABLE, NOTABLE_SHARE * level) ? `, with a peak of ${formatCount(peak)}` : ''}`;
    case 'step':
      return `went from ${first} to ${last} in one step${at} and stays there`;
    case 'plateau':
      return `warmed up from ${first} to ${last} and stays there`;
    case 'periodic':
      return `goes up and down around ${formatCount(median(y))}`;
    case 'linear':
      return `grows steadily from ${first} to ${last}, ${rate}${end}`;
    case 'staircase':
      return `grows in steps from ${first} to ${last}, ${rate} on average${end}`;
    case 'late leak':
      return `was at ${first} and began to grow${at}, ${rate} now${end}`;
    case 'exponential':
      return `grows faster and faster, from ${first} to ${last}, ${rate} now${end}`;
    default:
      return shape satisfies never;
  }
}
