import { ceilingLabel } from '../../core/ceiling.ts';
import type { Incident } from '../../core/incident.ts';
import type { Ceiling } from '../../core/model.ts';
import { escapeText, formatBytes, formatCount } from '../../core/units.ts';

export const CEILING_COLUMNS = ['ceiling', 'used before', 'used at the trip', 'limit', 'threads left'] as const;

const NOTHING = '–';

/** The table of all ceilings, the one that leaves the fewest threads first. */
export function ceilingRows({ after, before }: Incident['ceilings']): readonly (readonly string[])[] {
  return [...after].sort((a, b) => leftOf(a) - leftOf(b)).map((one) => rowOf(one, before));
}

/** Ceilings without a number come last. */
function leftOf({ additionalThreads }: Ceiling): number {
  return typeof additionalThreads === 'number' ? additionalThreads : Number.POSITIVE_INFINITY;
}

function rowOf(after: Ceiling, all: readonly Ceiling[]): string[] {
  const before = all.find((one) => one.name === after.name && one.path === after.path);
  // A ceiling of an incident may lack what this version knows.
  const amount = (value: Ceiling['limit'] | undefined): string => {
    if (typeof value !== 'number') return value === undefined ? NOTHING : escapeText(value);
    return after.unit === 'bytes' ? formatBytes(value) : formatCount(value);
  };
  const left = after.exempt ? 'exempt' : NOTHING;
  return [
    escapeText(ceilingLabel(after)),
    before === undefined ? NOTHING : amount(before.used),
    amount(after.used),
    amount(after.limit),
    typeof after.additionalThreads === 'number' ? formatCount(after.additionalThreads) : left,
  ];
}
