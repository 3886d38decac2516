import type { IncidentDocument, IncidentTrip } from '../../core/incident.ts';
import { escapeText, formatCount } from '../../core/units.ts';
import type { Cause } from '../../policy/verdict.ts';

/** What each cause means, and what an operator does about it if the load is honest. */
interface CauseWords {
  readonly meaning: string;
  /** `undefined` if raising the ceiling itself is all that helps. */
  readonly remedy: ((trip: IncidentTrip) => string) | undefined;
}

const CAUSES: Readonly<Record<Cause, CauseWords>> = {
  'max-tasks': {
    meaning: 'it reached the most tasks that the operator allows it (--max-tasks)',
    remedy: (trip) => `If the load is honest, raise --max-tasks${now(trip)}.`,
  },
  'max-maps': {
    meaning: 'one of its processes reached the most memory maps that the operator allows it (--max-maps)',
    remedy: (trip) => `If the load is honest, raise --max-maps${now(trip)}.`,
  },
  budget: { meaning: 'it used up its budget on a ceiling of the kernel', remedy: undefined },
  forecast: {
    meaning: 'at the rate at which it grew, it would soon have reached its line',
    remedy: () => 'If the growth is honest, a shorter --horizon waits longer before it trips.',
  },
  leash: {
    meaning: 'it asked again and again for more than its leash allows',
    remedy: () => 'If the load is honest, give it a larger --leash.',
  },
  foreign: {
    meaning: 'a ceiling is nearly used up, but by others than the target',
    remedy: ({ ceiling }) =>
      `Find out who else uses ${ceiling === undefined ? 'that ceiling' : escapeText(ceiling)}: threadguard limits --who shows it.`,
  },
  refused: { meaning: 'something was refused to it, and it ended of that', remedy: undefined },
  policy: {
    meaning: 'a rule of the operator says that it must not go on',
    remedy: ({ ceiling }) =>
      `If the load is honest, change the rule${ceiling === undefined ? '' : ` ${escapeText(ceiling)}`} in the configuration.`,
  },
};

const NOT_RECORDED = 'the guard that wrote this incident did not record it';

/** Why the target tripped: one sentence, never empty. */
export function whyText({ actions, trip }: IncidentDocument): string {
  if (trip.reason !== undefined && trip.reason !== '') return escapeText(trip.reason);
  const words = wordsOf(trip);
  if (words !== undefined) return `${words.meaning}${standing(trip)}`;
  // Incidents of earlier versions may have forgotten the decision; what was done tells it.
  const told = actions.find(({ action }) => action === 'trip')?.message ?? '';
  if (told !== '') return escapeText(told);
  return trip.cause === undefined ? NOT_RECORDED : `${escapeText(trip.cause)}${standing(trip)}`;
}

/** What the cause means in general; `undefined` for a cause that this version does not know. */
export function meaningOf(trip: IncidentTrip): string | undefined {
  return wordsOf(trip)?.meaning;
}

/** What an operator does about this cause, if the load is honest. */
export function remedyOf(trip: IncidentTrip): string | undefined {
  return wordsOf(trip)?.remedy?.(trip);
}

function wordsOf({ cause }: IncidentTrip): CauseWords | undefined {
  return cause !== undefined && Object.hasOwn(CAUSES, cause) ? CAUSES[cause as Cause] : undefined;
}

/** `, at 4,500 of 4,500 (pids.max of /app)`. */
function standing({ ceiling, line, value }: IncidentTrip): string {
  const at = value === undefined ? '' : `, at ${formatCount(value)}`;
  const of = value === undefined || line === undefined ? '' : ` of ${formatCount(line)}`;
  return `${at}${of}${ceiling === undefined ? '' : ` (${escapeText(ceiling)})`}`;
}

/** ` (now 4,500)`. */
function now({ line }: IncidentTrip): string {
  return line === undefined ? '' : ` (now ${formatCount(line)})`;
}
