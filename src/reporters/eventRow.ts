import type { ZodRawShape } from 'zod';
import type { EventName, GuardEvent } from '../policy/event.ts';
import type { EventKit } from '../schemas/eventKit.ts';
import type { EventLines } from '../schemas/eventLines.ts';

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
  /** What these fields are; a few events have several forms. It is asked for when the schema is made, so zod is not loaded. */
  readonly form: (kit: EventKit) => readonly ZodRawShape[];
  /** Where further facts stand beside its fields, other ones each time: what is said of them in the schema. */
  readonly more?: string;
}

/** The rows of some events. */
export type EventRows<Names extends EventName> = {
  readonly [N in Names]: EventRow<Extract<GuardEvent, { event: N }>>;
};

export const yes = (): boolean => true;
export const no = (): boolean => false;
const none = (): undefined => undefined;
export const trip = (): AlertMeaning => ({ name: 'ThreadguardTrip' });
export const tripIsOver = (): AlertMeaning => ({ name: 'ThreadguardTrip', isOver: true });

type Usual = Omit<EventRow<GuardEvent>, 'severity' | 'isGood' | 'say' | 'fields' | 'form' | 'more'>;

/** What is said, and nobody is disturbed by. */
export const NOTE: Usual = {
  isForPeople: true,
  isNamed: true,
  isCounted: false,
  isAction: false,
  isLoud: no,
  isTold: no,
  alert: none,
};
/** What was done about a target. */
export const STEP: Usual = { ...NOTE, isCounted: true, isAction: true, isLoud: yes };
