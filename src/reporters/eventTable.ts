import { formatDuration } from '../core/units.ts';
import type { EventName, GuardEvent } from '../policy/event.ts';
import type { EventLines } from '../schemas/eventLines.ts';
import { bannerLines, commandText, heldText } from './banner.ts';
import { containedFields, dumpFields, exitFields, opinionFields, startFields, warningFields } from './eventFields.ts';
import { clamped, done, dumpLines, killed, warning } from './eventText.ts';
import { endedText, summaryLines } from './summary.ts';
import { verdictText } from './verdictText.ts';

/** How serious an event is: one word for the log, the journal and the colour. */
export type Severity = 'error' | 'warning' | 'notice' | 'info';

/** The alert that an event begins or ends at Alertmanager. */
export interface AlertMeaning {
  readonly name: 'ThreadguardWarning' | 'ThreadguardTrip' | 'ThreadguardProblem';
  readonly isOver?: true;
}

/** Everything that differs from one event to the next. */
export interface EventRow<E extends GuardEvent> {
  readonly severity: Severity;
  /** Green where it is good news; else the colour is that of the severity. */
  readonly isGood?: true;
  /** Whether people read it, or only programs do. */
  readonly isForPeople: boolean;
  /** Whether the name of the event stands before its first line. */
  readonly isNamed: boolean;
  /** Whether it is said with `--quiet` too. */
  readonly isLoud: (event: E) => boolean;
  /** Whether people elsewhere are told of it when they did not choose the events. */
  readonly isTold: (event: E) => boolean;
  /** `undefined` where it is no alert. */
  readonly alert: (event: E) => AlertMeaning | undefined;
  /** Whether it counts in `threadguard_actions_total`. */
  readonly isCounted: boolean;
  /** Whether it stands among the actions of an incident. */
  readonly isAction: boolean;
  /** The lines for people; the first is a sentence of its own. */
  readonly say: (event: E) => readonly string[];
  /** The fields of the log for programs; all of the event where it is absent. */
  readonly fields?: (event: E) => EventLines[E['event']];
}

type Table = { readonly [N in EventName]: EventRow<Extract<GuardEvent, { event: N }>> };

const yes = (): boolean => true;
const no = (): boolean => false;
const none = (): undefined => undefined;
const trip = (): AlertMeaning => ({ name: 'ThreadguardTrip' });
const tripIsOver = (): AlertMeaning => ({ name: 'ThreadguardTrip', isOver: true });

const NOTE = {
  isForPeople: true,
  isNamed: true,
  isCounted: false,
  isAction: false,
  isLoud: no,
  isTold: no,
  alert: none,
};
const STEP = { ...NOTE, isCounted: true, isAction: true, isLoud: yes };

/** The one table of events. A new event is a member of the union in `policy/event.ts` and a row here. */
export const EVENT_TABLE: Table = {
  start: {
    ...NOTE,
    severity: 'info',
    isForPeople: false,
    say: ({ command }) => [`guarding ${commandText(command)}`],
    fields: startFields,
  },
  contained: {
    ...NOTE,
    severity: 'info',
    isNamed: false,
    say: (event) => (event.attempt === 1 ? bannerLines(event) : [heldText(event)]),
    fields: containedFields,
  },
  sample: { ...NOTE, severity: 'info', isForPeople: false, say: ({ tasks }) => [`${tasks} tasks`] },
  warn: {
    ...STEP,
    severity: 'warning',
    isLoud: no,
    isTold: yes,
    alert: () => ({ name: 'ThreadguardWarning' }),
    say: (event) => [warning(event)],
    fields: warningFields,
  },
  trip: {
    ...STEP,
    severity: 'error',
    isTold: yes,
    alert: trip,
    say: ({ opinion }) => [verdictText(opinion)],
    fields: opinionFields,
  },
  clamp: {
    ...STEP,
    severity: 'warning',
    alert: trip,
    say: (event) => done(event, [clamped(event)]),
  },
  release: {
    ...STEP,
    severity: 'notice',
    isGood: true,
    isTold: yes,
    alert: tripIsOver,
    say: (event) => done(event, ['the target has fewer tasks again; it may grow up to its budget']),
  },
  dump: {
    ...STEP,
    severity: 'notice',
    alert: trip,
    say: (event) => done(event, dumpLines(event)),
    fields: dumpFields,
  },
  terminate: {
    ...STEP,
    severity: 'error',
    alert: trip,
    say: (event) => done(event, [`SIGTERM to the whole tree; SIGKILL follows after ${formatDuration(event.graceMs)}`]),
  },
  kill: { ...STEP, severity: 'error', isTold: yes, alert: trip, say: (event) => done(event, [killed(event)]) },
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
  },
  rollback: {
    ...NOTE,
    severity: 'notice',
    say: ({ ended }) => [`the command of --on-trip-exec ended with ${endedText(ended)}`],
    fields: ({ ended }) => ({ ...ended }),
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
  },
};

/** Every name, for those who choose among them. */
export const EVENT_NAMES: readonly EventName[] = Object.keys(EVENT_TABLE) as EventName[];

/** The row of an event. */
export function rowOf<E extends GuardEvent>({ event }: E): EventRow<E> {
  // The table has for each name the row of that event; the compiler cannot follow a name that is not known yet.
  return EVENT_TABLE[event] as unknown as EventRow<E>;
}

/** All of it as one text; the first line is the sentence. */
export function textOf(event: GuardEvent): string {
  return rowOf(event).say(event).join('\n');
}

/** What the log for programs has of an event, beside its name, its time and its target. */
export function fieldsOf(event: GuardEvent): Readonly<Record<string, unknown>> {
  const { fields } = rowOf(event);
  if (fields !== undefined) return { ...fields(event) };
  const { event: _, ...rest } = event;
  return rest;
}
