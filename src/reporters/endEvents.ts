import { formatDuration } from '../core/units.ts';
import { ABOUTS } from '../policy/event.ts';
import type { EventLines } from '../schemas/eventLines.ts';
import { exitFields } from './eventFields.ts';
import { type EventRows, NOTE, trip, tripIsOver, yes } from './eventRow.ts';
import { endedText, summaryLines } from './summary.ts';

/** How a run ends, and what happens between two. */
export const END_EVENTS: EventRows<'exit' | 'restart' | 'rollback' | 'reload' | 'error'> = {
  exit: {
    ...NOTE,
    severity: 'info',
    isNamed: false,
    isAction: true,
    // The end of a command that nobody stopped is no news.
    isLoud: ({ stoppedByGuard }) => stoppedByGuard,
    isTold: ({ stoppedByGuard }) => stoppedByGuard,
    alert: ({ stoppedByGuard }) => (stoppedByGuard ? trip() : undefined),
    say: summaryLines,
    fields: exitFields,
    form: ({ ended, summary }) => ended.map((way) => ({ ...way, ...summary })),
  },
  restart: {
    ...NOTE,
    severity: 'notice',
    isTold: yes,
    alert: tripIsOver,
    say: ({ attempt, delayMs, ended, uptimeMs, wasStopped }) => [
      `${wasStopped ? 'stopped by threadguard' : endedText(ended)} after ${formatDuration(uptimeMs)}; restart ${attempt} in ${formatDuration(delayMs)}`,
    ],
    fields: ({ attempt, crashes, delayMs, reason, trips }) => ({ reason, attempt, delayMs, crashes, trips }),
    form: ({ count, describingFields, z }) => [
      describingFields<EventLines['restart']>()({
        reason: z.enum(['success', 'failure', 'trip']),
        attempt: z.int().min(1),
        delayMs: z.number().min(0),
        crashes: count,
        trips: count,
      }),
    ],
  },
  rollback: {
    ...NOTE,
    severity: 'notice',
    say: ({ ended }) => [`the command of --on-trip-exec ended with ${endedText(ended)}`],
    fields: ({ ended }) => ({ ...ended }),
    form: ({ ended }) => ended,
  },
  reload: {
    ...NOTE,
    severity: 'info',
    say: ({ config, needsRestart, rules }) => [
      `the policy of ${config} is in force${rules === 0 ? '' : `, ${rules} ${rules === 1 ? 'rule' : 'rules'}`}`,
      ...(needsRestart.length === 0
        ? []
        : [`these settings change only at the next start: ${needsRestart.join(', ')}`]),
    ],
    form: ({ count, describingFields, texts, z }) => [
      describingFields<EventLines['reload']>()({
        config: z.string(),
        rules: count,
        needsRestart: texts.describe('Settings that changed and that only a new start takes.'),
      }),
    ],
  },
  error: {
    ...NOTE,
    severity: 'error',
    isLoud: yes,
    isTold: yes,
    isAction: true,
    // Only a target that stays down is a trip. A file that is wrong, or a message that did not arrive, is not.
    alert: ({ about }) => (about === 'gave-up' ? trip() : { name: 'ThreadguardProblem' }),
    say: ({ problem }) => problem.split('\n'),
    fields: ({ about, details }) => ({ about, ...details }),
    more: 'Something that could not be done. Further fields depend on what it was.',
    form: ({ z }) => [{ about: z.enum(ABOUTS).describe('What could not be done.') }],
  },
};
